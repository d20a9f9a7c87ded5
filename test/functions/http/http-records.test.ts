import { describe, expect, test } from 'vitest';
import { httpAnswer } from '../../../functions/http/http-answer.ts';
import { PreparedMessage } from '../../../functions/rocketmq/producer/prepared-message.ts';
import { answerTo, invocationOf } from './http-invocation.ts';
import { sampleEvent } from './sample-event.ts';

describe('an Idempotency-Key', () => {
  const idsOf = async (body: unknown, key: string, path = '/messages') => {
    const { invocation, sent } = invocationOf();
    await answerTo({ path, body, headers: { 'Idempotency-Key': key } }, invocation);
    return sent.map(({ msgId }) => msgId);
  };

  test('gives the same request the same ids, however its JSON is written', async () => {
    const ids = await idsOf([{ body: 'a', tag: 't' }, { body: 'b' }], 'key-1');
    expect(ids).toEqual([expect.stringMatching(/^[0-9A-F]{32}$/), expect.stringMatching(/^[0-9A-F]{32}$/)]);
    expect(await idsOf('[ {"tag":"t", "body":"\\u0061"}, {"body":"b"} ]', 'key-1')).toEqual(ids);
  });

  test('gives other ids to another key, another topic, another place and another message', async () => {
    const ids = await Promise.all([
      idsOf([{ body: 'a' }, { body: 'a' }], 'key-1'),
      idsOf({ body: 'a' }, 'key-2'),
      idsOf({ body: 'a' }, 'key-1', '/topics/invoices/messages'),
      idsOf({ body: 'b' }, 'key-1'),
    ]);
    expect(new Set(ids.flat()).size).toBe(5);
  });

  test('of a list of which only a part is sent again never gives a message the id of another', async () => {
    const [, second] = await idsOf([{ body: 'a' }, { body: 'b' }], 'key-1');
    const [again] = await idsOf([{ body: 'b' }], 'key-1');
    const [first] = await idsOf([{ body: 'a' }, { body: 'b' }], 'key-1');
    expect(again).not.toBe(first);
    expect(await idsOf([{ body: 'b', msgId: second }], 'key-1')).toEqual([second]);
  });

  test('gives ids that no release may change: requests that are sent again during an upgrade keep theirs', async () => {
    expect(await idsOf([{ body: 'a', tag: 't' }, { body: 'b' }], 'key-1')).toEqual([
      '74FD2F8BDC367B6B8514000000000000',
      'B65CC24B8FE1C724634F000000000001',
    ]);
  });

  test('is the same with blanks around it, which are none of it', async () => {
    expect(await idsOf({ body: 'a' }, ' key-1 ')).toEqual(await idsOf({ body: 'a' }, 'key-1'));
  });

  test('of 255 characters is taken', async () => {
    const answer = await answerTo({ body: { body: 'x' }, headers: { 'idempotency-key': 'k'.repeat(255) } });
    expect(answer.status).toBe(200);
  });

  test('that is there twice is refused, whatever the case of its name', async () => {
    const answer = await answerTo({ body: { body: 'x' }, headers: { 'Idempotency-Key': 'a', 'idempotency-key': 'b' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed-idempotency-key' } });
  });

  test.each(['', ' ', 'ä', 'aä', 'äa', 'x'.repeat(256)])('that is %j is refused', async (key) => {
    const { invocation, sent } = invocationOf();
    const answer = await answerTo({ body: { body: 'x' }, headers: { 'idempotency-key': key } }, invocation);
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed-idempotency-key' } });
    expect(sent).toEqual([]);
  });

  test('with blanks is told by the message, but is no key of it', async () => {
    const { invocation, sent } = invocationOf();
    await httpAnswer(sampleEvent('alb'), invocation, 'invocation-1');
    expect(sent).toMatchObject([{ keys: [], properties: { 'aws.id': 'order 1003, first try' } }]);
  });
});

describe('a message', () => {
  test.each([
    ['that of its header', { 'x-amzn-trace-id': 'Root=1-header' }, 'Root=1-header'],
    ['that of the invocation, where the header has none', { 'x-amzn-trace-id': ' ' }, 'Root=1-invocation'],
    [
      'that of the invocation, where that of the header has a blank',
      { 'x-amzn-trace-id': 'Root=1 x' },
      'Root=1-invocation',
    ],
  ])('has as its trace %s', async (_whose, headers, trace) => {
    const { invocation, sent } = invocationOf();
    await answerTo({ body: { body: 'x' }, headers }, { ...invocation, traceId: 'Root=1-invocation' });
    expect(sent[0]?.properties).toMatchObject({ 'aws.traceId': trace });
  });
});

test('a list has its messages named in the log by their places, and a single message by the request alone', async () => {
  const { invocation } = invocationOf();
  const ids: string[] = [];
  const logging = { ...invocation, record: (_outcome: unknown, _elapsed: number, id: string) => void ids.push(id) };
  await answerTo({ body: [{ body: 'a' }, { body: 'b' }] }, logging);
  await answerTo({ body: { body: 'c' } }, logging);
  expect(ids).toEqual(['JKJaXmPLvHcESHA=/0', 'JKJaXmPLvHcESHA=/1', 'JKJaXmPLvHcESHA=']);
});

test('the largest properties that are taken leave room for all that is added to them', async () => {
  const rules = {
    maxMessageBytes: 4_194_304,
    maxDelayMs: 259_200_000,
    newMsgId: () => 'unused',
    now: Date.now,
    wrapTopic: (topic: string) => topic,
    instanceId: 'i'.repeat(120),
  };
  const { invocation, sent } = invocationOf((message) => void new PreparedMessage(message, rules));
  const others = { body: 'x', tag: 't', keys: ['k'], shardingKey: 's', deliverAt: Date.now(), msgId: 'm'.repeat(128) };
  const message = { ...others, properties: { a: 'y'.repeat(30_841) } };
  const send = async (trace: string) => {
    const headers = { 'idempotency-key': 'k'.repeat(255), 'x-amzn-trace-id': trace };
    const { status, text } = await answerTo(
      { body: message, headers },
      { ...invocation, traceId: 'Root=1-invocation' },
    );
    expect(status, text).toBe(200);
    return sent.at(-1)?.properties?.['aws.traceId'];
  };
  const longest = 'r'.repeat(256);
  expect(await send(longest)).toBe(longest);
  expect(await send(`${longest}r`)).toBe('Root=1-invocation');
  const larger = { ...others, properties: { a: 'y'.repeat(30_842) } };
  expect((await answerTo({ body: larger })).body.errors).toMatchObject([{ pointer: '#' }]);
});
