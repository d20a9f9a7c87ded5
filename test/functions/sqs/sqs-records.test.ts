import type { SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import type { Message } from '#rocketmq';
import { EventError } from '../../../functions/delivery/event-error.ts';
import { recordMsgId } from '../../../functions/delivery/record-msg-id.ts';
import { sqsRecords } from '../../../functions/sqs/sqs-records.ts';
import { sampleEvent, sampleRecord } from './sample-event.ts';

const target = { topic: 'orders', traceId: undefined };

function messageOf(record: SQSRecord): Message {
  const [first] = sqsRecords({ Records: [record] }, target);
  if (first === undefined) throw new Error('no record');
  return first.toMessage();
}

/** Properties of a message without those that tell its origin. */
function attributesOf({ properties }: Message): Record<string, string> {
  const { 'aws.source': _, 'aws.id': __, ...attributes } = properties ?? {};
  return attributes;
}

/** A record with these attributes. */
function withAttributes(messageAttributes: SQSMessageAttributes): SQSRecord {
  return { ...sampleRecord('standard'), messageAttributes };
}

describe('a record of a standard queue', () => {
  const record = sampleRecord('standard', 1);

  test('becomes a message with its body, its id as key and as origin of the message id', () => {
    expect(messageOf(record)).toEqual({
      topic: 'orders',
      body: record.body,
      keys: [record.messageId],
      properties: {
        eventType: 'OrderPlaced',
        'aws.KEYS': 'o-1002',
        'aws.TAGS': 'vip',
        'aws.source': record.eventSourceARN,
        'aws.id': record.messageId,
      },
      msgId: recordMsgId({
        sourceArn: record.eventSourceARN,
        recordId: record.messageId,
        at: Number(record.attributes.SentTimestamp),
      }),
    });
  });

  test('gets the same message id when it is delivered again, and another record another one', () => {
    const again = structuredClone(record);
    again.receiptHandle = 'another';
    again.attributes.ApproximateReceiveCount = '2';
    expect(messageOf(again).msgId).toBe(messageOf(record).msgId);
    const ids = sampleEvent('standard').Records.map((other) => messageOf(other).msgId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('gets another message id in another queue', () => {
    const elsewhere = { ...record, eventSourceARN: `${record.eventSourceARN}-copy` };
    expect(messageOf(elsewhere).msgId).not.toBe(messageOf(record).msgId);
  });

  test.each([undefined, null, ''])('gets an id too when its time is %j', (SentTimestamp) => {
    const attributes = { ...record.attributes, SentTimestamp } as unknown as SQSRecord['attributes'];
    expect(messageOf({ ...record, attributes }).msgId).toMatch(/^[0-9A-F]{20}000000000000$/);
  });

  test.each(['soon', '-1', '1e30', '0.5', '9007199254740993', 7, {}])('fails alone when its time is %j', (at) => {
    const attributes = { ...record.attributes, SentTimestamp: at } as SQSRecord['attributes'];
    expect(() => messageOf({ ...record, attributes })).toThrow('Records[0].attributes.SentTimestamp of the event');
  });

  test('carries the trace that it was sent with, else that of the invocation', () => {
    const traceId = 'Root=1-5759e988-bd862e3fe1be46a994272793';
    const [own] = sqsRecords({ Records: [record] }, { ...target, traceId });
    expect(own?.toMessage().properties).toMatchObject({ 'aws.traceId': traceId });
    const attributes = { ...record.attributes, AWSTraceHeader: 'Root=1-sender' };
    const [sent] = sqsRecords({ Records: [{ ...record, attributes }] }, { ...target, traceId });
    expect(sent?.toMessage().properties).toMatchObject({ 'aws.traceId': 'Root=1-sender' });
  });

  test('has no order, not even with a message group', () => {
    const records = sqsRecords(sampleEvent('standard-message-groups'), target);
    expect(records.map(({ orderingKey }) => orderingKey)).toEqual([undefined, undefined, undefined]);
    for (const one of records) expect(one.toMessage()).not.toHaveProperty('shardingKey');
  });

  test('keeps blanks, newlines and all of Unicode in its body', () => {
    expect(messageOf(sampleRecord('standard', 2)).body).toBe('Größe XL, 数量 3, 🚚 morgen');
    expect(messageOf(sampleRecord('standard', 3)).body).toBe(' plain text with blanks and\nnew lines \n');
  });
});

describe('a record of a FIFO queue', () => {
  test('is ordered by its message group, which chooses the queue of the topic too', () => {
    const groups = ['anna', 'bert', '顧客-3', 'anna', 'anna', 'bert', '顧客-3', 'bert', 'anna', '顧客-3'];
    const records = sqsRecords(sampleEvent('fifo-three-groups'), target);
    expect(records.map(({ orderingKey }) => orderingKey)).toEqual(groups);
    expect(records.map((record) => record.toMessage().shardingKey)).toEqual(groups);
  });
});

describe('message attributes', () => {
  test('become properties: text and numbers as they are, bytes in base64', () => {
    const properties = attributesOf(messageOf(sampleRecord('attributes-binary')));
    expect(properties).toEqual({
      thumbnail: 'AAECA/r7/P3+/w==',
      signature: 'AAECAwQFBgcICQoLDA0ODw==',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    expect(attributesOf(messageOf(sampleRecord('standard')))).toEqual({
      eventType: 'OrderPlaced',
      attempt: '1',
      price: '42.50',
    });
  });

  test('with a name that RocketMQ uses itself get the prefix "aws."', () => {
    const names = [
      'KEYS',
      'TAGS',
      'DELAY',
      'UNIQ_KEY',
      'TRAN_MSG',
      '__SHARDINGKEY',
      'TIMER_DELIVER_MS',
      'CLUSTER',
      'aws.id',
    ];
    const attributes = Object.fromEntries(names.map((name) => [name, { dataType: 'String', stringValue: '1' }]));
    expect(Object.keys(attributesOf(messageOf(withAttributes(attributes as SQSMessageAttributes))))).toEqual(
      names.map((name) => `aws.${name}`),
    );
  });

  test.each(['__proto__', 'constructor', 'toString'])('may be named %s', (name) => {
    const attributes = JSON.parse(`{"${name}":{"dataType":"String","stringValue":"kept"}}`);
    expect(Object.entries(messageOf(withAttributes(attributes)).properties ?? {})).toContainEqual([name, 'kept']);
  });

  test('without a value are left out: RocketMQ has no empty properties', () => {
    const attributes = { a: { dataType: 'String', stringValue: '' }, b: { dataType: 'String' } };
    expect(attributesOf(messageOf(withAttributes(attributes as SQSMessageAttributes)))).toEqual({});
  });

  test('may be absent altogether', () => {
    const { messageAttributes: _, ...record } = sampleRecord('standard');
    expect(attributesOf(messageOf(record as SQSRecord))).toEqual({});
  });
});

/** What no FIFO queue sends: without its group, a record has no place in the order. */
const ungrouped = { ...sampleRecord('fifo-three-groups'), attributes: {} };

describe('an event', () => {
  test('without records has none', () => {
    expect(sqsRecords(sampleEvent('empty'), target)).toEqual([]);
  });

  test.each<[string, unknown, string, string]>([
    ['that is nothing', undefined, '', 'the event must be an object, but is undefined'],
    ['that is null', null, '', 'the event must be an object, but is null'],
    ['that is text', 'Records', '', 'the event must be an object, but is string "Records"'],
    ['of another source', { detail: {} }, 'Records', 'must be a list, but is undefined'],
    ['whose records are an object', { Records: {} }, 'Records', 'must be a list, but is an object'],
    ['of another source with records', { Records: [{ kinesis: {} }] }, 'Records[0].messageId', 'must be a string'],
    ['with a record that is null', { Records: [null] }, 'Records[0]', 'must be an object, but is null'],
    ['of a FIFO queue without a group', { Records: [ungrouped] }, 'Records[0].attributes.MessageGroupId', 'a string'],
    ['with an empty id', { Records: [sampleRecord('standard'), { messageId: '' }] }, 'Records[1].messageId', 'string'],
  ])('%s fails as a whole, naming the field', (_what, event, field, reason) => {
    const read = () => sqsRecords(event, target);
    expect(read).toThrow(EventError);
    expect(read).toThrow(field === '' ? /^the event must be/ : `${field} of the event`);
    expect(read).toThrow(reason);
  });

  test.each<[string, object]>([
    ['without a body', { body: undefined }],
    ['with an object as body', { body: {} }],
  ])('with a record %s can be read: that record fails when its message is made', (_what, fault) => {
    const records = sqsRecords(
      { Records: [sampleRecord('standard'), { ...sampleRecord('standard', 1), ...fault }] },
      target,
    );
    expect(records[0]?.toMessage().body).toBe(sampleRecord('standard').body);
    expect(() => records[1]?.toMessage()).toThrow(EventError);
    expect(() => records[1]?.toMessage()).toThrow('Records[1].body of the event must be a string, but is');
  });

  test('with records of the barest kind can be read', () => {
    const bare = { messageId: 'm-1', body: 'x' } as SQSRecord;
    expect(messageOf(bare)).toMatchObject({
      topic: 'orders',
      body: 'x',
      keys: ['m-1'],
      properties: { 'aws.id': 'm-1' },
    });
  });
});
