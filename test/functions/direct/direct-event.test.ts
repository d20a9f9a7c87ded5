import { describe, expect, test } from 'vitest';
import { readDirectEvent } from '../../../functions/direct/direct-event.ts';
import { directRecords } from '../../../functions/direct/direct-records.ts';

const target = { topic: 'orders', traceId: undefined };
const read = (event: unknown) => directRecords(readDirectEvent(event), target);
const messageOf = (event: unknown) => read(event)[0]?.toMessage();

describe('a direct event', () => {
  test.each([
    [{ body: 'x' }, true, 'throw'],
    [[{ body: 'x' }], false, 'throw'],
    [{ messages: [{ body: 'x' }] }, false, 'throw'],
    [{ messages: [{ body: 'x' }], onFailure: 'report' }, false, 'report'],
  ])('has one of three forms: %j', (event, isSingle, onFailure) => {
    expect(readDirectEvent(event)).toMatchObject({ isSingle, onFailure, messages: [{ fields: { body: 'x' } }] });
  });

  test.each([
    [null, 'the event must be an object, but is null'],
    ['x', 'the event must be an object'],
    [{ messages: {} }, 'messages of the event must be a list'],
    [{ messages: [], onFailure: 'ignore' }, 'onFailure of the event must be "throw" or "report"'],
    [{ messages: [], topic: 'x' }, 'topic of the event must be absent beside "messages"'],
    [[{ body: 'x' }, 7], '[1] of the event must be an object'],
    [{}, 'body of the event must be text or JSON, not empty'],
    [{ body: '' }, 'body of the event must be text or JSON, not empty'],
    [{ body: 'x', shardingkey: 'anna' }, 'shardingkey of the event must be absent: a message has id, topic, body'],
    [[{ body: 'x', delayMs: '5' }], '[0].delayMs of the event must be a number'],
    [{ messages: [{ body: 'x', keys: ['a', ''] }] }, 'messages[0].keys[1] of the event must be a string'],
    [{ body: 'x', properties: { a: 1 } }, 'properties.a of the event must be a string'],
    [{ body: 'x', properties: { 'aws.id': '1' } }, 'properties.aws.id of the event must be absent'],
    [{ body: 'no base64!', isBase64Encoded: true }, 'body of the event must be text in base64'],
    [{ body: 'x', id: 7 }, 'id of the event must be a string'],
    [{ body: 'x', toString: 'x' }, 'toString of the event must be absent'],
  ])('that is at fault is refused as a whole: %j', (event, reason) => {
    expect(() => read(event)).toThrow(reason);
  });
});

describe('a direct message', () => {
  test('has JSON as body, or text as it is, or bytes', () => {
    expect(messageOf({ body: { a: [1, null] } })?.body).toBe('{"a":[1,null]}');
    expect(messageOf({ body: 0 })?.body).toBe('0');
    expect(messageOf({ body: false })?.body).toBe('false');
    expect(messageOf({ body: '{"a": 1}' })?.body).toBe('{"a": 1}');
    expect([...(messageOf({ body: 'AP8=', isBase64Encoded: true })?.body ?? [])]).toEqual([0, 255]);
  });

  test('without an id gets a random one later, and is named by its place', () => {
    const [first, second] = read([{ body: 'x' }, { body: 'y', keys: ['k'] }]);
    expect(first?.id).toBe('[0]');
    expect(first?.toMessage()).toEqual({ topic: 'orders', body: 'x', keys: [], properties: {} });
    expect(second?.toMessage().keys).toEqual(['k']);
    const traced = directRecords(readDirectEvent({ body: 'x' }), { ...target, traceId: 'Root=1' });
    expect(traced[0]?.toMessage().properties).toEqual({ 'aws.traceId': 'Root=1' });
  });

  test('with an id has the same message id in every event, and the id as a key', () => {
    const message = messageOf({ id: 'order 1', body: 'x', keys: ['k'], properties: { a: '1' } });
    expect(message).toMatchObject({ keys: ['order%201', 'k'], properties: { a: '1', 'aws.id': 'order 1' } });
    expect(messageOf([{ id: 'order 1', body: 'y' }])?.msgId).toBe(message?.msgId);
    expect(messageOf({ id: 'order 2', body: 'x' })?.msgId).not.toBe(message?.msgId);
  });

  test('goes to a topic of its own, and keeps the order of its sharding key there', () => {
    const [one, other, free] = read([
      { body: 'x', topic: 'a', shardingKey: 'k' },
      { body: 'x', topic: 'b', shardingKey: 'k' },
      { body: 'x', topic: 'a', delayMs: 5, tag: 't' },
    ]);
    expect(one?.toMessage()).toMatchObject({ topic: 'a', shardingKey: 'k' });
    expect(one?.orderingKey).not.toBe(other?.orderingKey);
    expect(free?.orderingKey).toBe(undefined);
    expect(free?.toMessage()).toMatchObject({ topic: 'a', delayMs: 5, tag: 't' });
  });
});
