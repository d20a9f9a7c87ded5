import { describe, expect, test } from 'vitest';
import { messageTarget } from '../../../functions/delivery/message-target.ts';
import { recordMessage } from '../../../functions/delivery/record-message.ts';
import { recordMsgId } from '../../../functions/delivery/record-msg-id.ts';

const target = { topic: 'orders', traceId: 'Root=1-invocation' };
const content = { source: 'arn:aws:sns:eu-west-1:123456789012:orders', id: 'm-1', at: 1793178000000, body: 'x' };

describe('the message of a record', () => {
  test('has an id made from source, record and time, and tells them', () => {
    expect(recordMessage(target, content)).toEqual({
      topic: 'orders',
      body: 'x',
      keys: ['m-1'],
      properties: { 'aws.source': content.source, 'aws.id': 'm-1', 'aws.traceId': 'Root=1-invocation' },
      msgId: recordMsgId({ sourceArn: content.source, recordId: 'm-1', at: content.at }),
    });
  });

  test('has the same id in another topic, with another body and another trace', () => {
    const other = recordMessage({ topic: 'copies', traceId: undefined }, { ...content, body: 'y', shardingKey: 'k' });
    expect(other.msgId).toBe(recordMessage(target, content).msgId);
    expect(other).toMatchObject({ shardingKey: 'k' });
    expect(other.properties).not.toHaveProperty('aws.traceId');
  });

  test('has the blanks of its id percent-encoded in the key, where they would separate keys', () => {
    const message = recordMessage(target, { ...content, id: 'a b\u3000c\n' });
    expect(message.keys).toEqual(['a%20b%E3%80%80c%0A']);
    expect(message.properties).toMatchObject({ 'aws.id': 'a b\u3000c\n' });
  });

  test('leaves out a source that the event does not tell, and prefers the trace of the record', () => {
    const { properties } = recordMessage(target, { ...content, source: undefined, traceId: 'Root=1-record' });
    expect(properties).toEqual({ 'aws.id': 'm-1', 'aws.traceId': 'Root=1-record' });
  });

  test('leaves the properties that it was given as they are', () => {
    const properties = Object.freeze({ a: '1' });
    expect(recordMessage(target, { ...content, properties }).properties).toMatchObject({ a: '1', 'aws.id': 'm-1' });
    expect(properties).toEqual({ a: '1' });
  });
});

test('the target of an invocation is its topic and its trace', () => {
  expect(messageTarget({ environment: { topic: 'orders' }, traceId: undefined })).toEqual({
    topic: 'orders',
    traceId: undefined,
  });
});
