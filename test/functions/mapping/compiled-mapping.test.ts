import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Message, MessageError } from '#rocketmq';
import type { DeliveryRecord } from '../../../functions/delivery/delivery-record.ts';
import { EventError } from '../../../functions/delivery/event-error.ts';
import { CompiledMapping } from '../../../functions/mapping/compiled-mapping.ts';
import { sample, sampleNames } from '../bundled-function.ts';
import { mappedSources } from './mapped-sources.ts';

const target = { topic: 'orders', traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793' };

function recordsOf(source: string, event: unknown, mapping?: object): DeliveryRecord[] {
  const compiled = mapping === undefined ? {} : { mapping: new CompiledMapping(JSON.stringify(mapping)) };
  return mappedSources[source]?.(event, { ...target, ...compiled }) ?? [];
}

/** A record of a standard queue with this body. */
const queued = (body: string, messageAttributes = {}) => ({
  Records: [{ messageId: 'm-1', body, attributes: { SentTimestamp: '5' }, messageAttributes, eventSourceARN: 'arn:q' }],
});

function messageOf(mapping: object, body: string, messageAttributes = {}): Message {
  const [record] = recordsOf('sqs', queued(body, messageAttributes), mapping);
  if (record === undefined) throw new Error('no record');
  return record.toMessage();
}

/** The messages of records, or how the making of one fails. */
const told = (records: readonly DeliveryRecord[]) =>
  records.map(({ id, orderingKey, toMessage }) => {
    try {
      return { id, orderingKey, message: toMessage() };
    } catch (error) {
      if (!(error instanceof EventError || error instanceof MessageError)) throw error;
      return { id, orderingKey, fault: error.field };
    }
  });

describe.each(Object.keys(mappedSources))('records of %s', (source) => {
  test.each(sampleNames(source))('in %s.json are the same with a mapping that says nothing', (name) => {
    const event = sample<unknown>(source, name);
    expect(told(recordsOf(source, event, {}))).toEqual(told(recordsOf(source, event)));
  });

  test.each(sampleNames(source))('in %s.json keep id, origin and trace whatever a mapping says of the rest', (name) => {
    const event = sample<unknown>(source, name);
    const mapping = {
      topic: { literal: 'other' },
      body: '{body: body, id: id, source: source, at: at, key: shardingKey, record: record, properties: properties}',
      tag: { literal: 'mapped' },
      keys: ['id', { literal: 'a key' }],
      properties: { channel: { literal: 'web' } },
    };
    const mapped = recordsOf(source, event, mapping);
    const plain = recordsOf(source, event);
    expect(mapped.map(({ id, orderingKey }) => [id, orderingKey])).toEqual(
      plain.map(({ id, orderingKey }) => [id, orderingKey]),
    );
    for (const [index, record] of mapped.entries()) {
      const before = told(plain)[index]?.message;
      // Poison stays poison, unless all that is wrong with it is that it has no body.
      if (before === undefined) continue;
      const { properties, msgId, topic, keys, body } = record.toMessage();
      expect({ topic, msgId, properties: { ...properties } }).toEqual({
        topic: 'other',
        msgId: before.msgId,
        properties: { ...before.properties, channel: 'web' },
      });
      expect(keys).toEqual([...(before.keys ?? []), 'a%20key']);
      expect(JSON.parse(String(body))).toMatchObject({ id: properties?.['aws.id'], key: before.shardingKey ?? null });
    }
  });
});

describe('fields', () => {
  test('that give nothing are absent, and take attributes away', () => {
    const attributes = { old: { stringValue: '1' }, kept: { stringValue: '2' } };
    const mapping = {
      tag: 'body.none',
      delayMs: 'body.none',
      deliverAt: 'body.none',
      keys: 'body.none',
      properties: { old: 'body.none' },
    };
    const message = messageOf(mapping, '{}', attributes);
    expect(Object.keys(message).toSorted()).toEqual(['body', 'keys', 'msgId', 'properties', 'topic']);
    expect(message).toMatchObject({ body: '{}', keys: ['m-1'], properties: { kept: '2' } });
    expect(message.properties).not.toHaveProperty('old');
  });

  test('become what expressions over body, properties, record and envelopes give', () => {
    const mapping = {
      topic: "body.kind == 'refund' && 'refunds' || 'orders'",
      tag: 'body.kind',
      keys: ['body.ids', 'properties.trace'],
      shardingKey: 'body.customer',
      deliverAt: 'body.when',
      properties: { total: 'body.total', sent: 'record.attributes.SentTimestamp', none: 'envelopes[0]' },
    };
    const body =
      '{"kind":"refund","ids":["a b",7],"customer":12345678901234567890,"when":"2026-10-28T09:00:00Z","total":0}';
    expect(messageOf(mapping, body, { trace: { stringValue: 't-1' } })).toMatchObject({
      topic: 'refunds',
      body,
      tag: 'refund',
      keys: ['m-1', 'a%20b', '7', 't-1'],
      shardingKey: '12345678901234567890',
      deliverAt: 1_793_178_000_000,
      properties: { total: '0', sent: '5', trace: 't-1' },
    });
  });

  test.each<[object, string, string]>([
    [
      { topic: 'body.kind' },
      '{"kind":7}',
      'mapping.topic (body.kind) must give text that is not empty, but gave the number 7',
    ],
    [{ topic: 'body.kind' }, 'text', 'mapping.topic (body.kind) must give text that is not empty, but gave nothing'],
    [
      { body: 'body.detail' },
      '{}',
      'mapping.body (body.detail) must give a body: RocketMQ stores no empty message, but gave nothing',
    ],
    [
      { shardingKey: 'body.customer' },
      '{}',
      "mapping.shardingKey (body.customer) must give text or a number; where a record may have none, end with || ''",
    ],
    [
      { delayMs: 'body.wait' },
      '{"wait":"5"}',
      'mapping.delayMs (body.wait) must give a number (of text, to_number(…) makes one), but gave the text "5"',
    ],
    [{ properties: { 'a b': 'body' } }, '{}', 'mapping.properties["a b"] (body) must give text'],
    [
      { keys: ['id', 'sort(body)'] },
      '{}',
      'mapping.keys[1] (sort(body)) fails: Invalid argument type for function sort()',
    ],
  ])('%j of %s fail with path, expression and what they gave', (mapping, body, message) => {
    expect(() => messageOf(mapping, body)).toThrow(MessageError);
    expect(() => messageOf(mapping, body)).toThrow(message);
  });

  test.each([
    ['delayMs', 'body.wait', 3000],
    ['delayLevel', 'body.level', 4],
    ['delayLevel', 5, 5],
    ['deliverAt', 'body.when', 1_793_178_000_000],
  ])('%s can say when the message is delivered', (field, given, expected) => {
    const message = messageOf({ [field]: given }, '{"wait":3000,"level":4,"when":1793178000000}');
    expect(message).toHaveProperty(field, expected);
  });

  test('see JSON behind a byte order mark, which the body keeps', () => {
    expect(messageOf({ tag: 'body.kind' }, '\ufeff{"kind":"a"}')).toMatchObject({
      tag: 'a',
      body: '\ufeff{"kind":"a"}',
    });
    const kinesis = { partitionKey: 'k', sequenceNumber: '1', data: Buffer.from('\ufeff{"a":1}').toString('base64') };
    const [record] = recordsOf(
      'kinesis',
      { Records: [{ kinesis }] },
      { tag: 'body.a', properties: { b: 'to_string(body)' } },
    );
    const message = record?.toMessage();
    expect(message).toMatchObject({ tag: '1', properties: { b: '{"a":1}' } });
    expect(Buffer.from(message?.body ?? '').toString()).toBe('\ufeff{"a":1}');
    expect(messageOf({ body: 'body' }, '\ufefftext')).toMatchObject({ body: '\ufefftext' });
  });

  test('may say of a record that it has no sharding key', () => {
    const event = sample('sqs', 'fifo-three-groups');
    const [record] = recordsOf('sqs', event, { shardingKey: "body.none || ''" });
    expect(record?.orderingKey).toBe('anna');
    expect(record?.toMessage()).not.toHaveProperty('shardingKey');
  });

  test('of a body that is no text see nothing in it, and can pass it on as it is', () => {
    const data = Buffer.from([0xff, 0x00, 0x7b]);
    const kinesis = { partitionKey: 'k', sequenceNumber: '1', data: data.toString('base64') };
    const [record] = recordsOf(
      'kinesis',
      { Records: [{ kinesis }] },
      { body: 'body', tag: 'body.a', keys: 'shardingKey' },
    );
    const message = record?.toMessage();
    expect(message).toMatchObject({ keys: ['1', 'k'] });
    expect(Buffer.from(message?.body ?? '')).toEqual(data);
    expect(message).not.toHaveProperty('tag');
  });
});

test('what functions of Powertools decode can become the body, as logs of CloudWatch in Kinesis', () => {
  const logs = '{"logGroup":"/aws/lambda/orders","logEvents":[]}';
  const kinesis = { partitionKey: 'k', sequenceNumber: '1', data: gzipSync(logs).toString('base64') };
  const mapping = {
    body: 'powertools_base64_gzip(record.kinesis.data)',
    tag: 'powertools_json(powertools_base64_gzip(record.kinesis.data)).logGroup',
  };
  const [record] = recordsOf('kinesis', { Records: [{ kinesis }] }, mapping);
  expect(record?.toMessage()).toMatchObject({ body: logs, tag: '/aws/lambda/orders' });
});

test('envelopes that were opened one after the other are there in this order', () => {
  const record = { eventName: 'Put', s3: { bucket: { name: 'b' }, object: { key: 'k' } } };
  const sns = { Type: 'Notification', TopicArn: 'arn:t', Message: JSON.stringify({ Records: [record], n: 7 }) };
  const mapping = { unwrap: ['sns', 's3'], properties: { from: 'envelopes[0].TopicArn', n: 'envelopes[1].n' } };
  expect(messageOf(mapping, JSON.stringify(sns)).properties).toMatchObject({ from: 'arn:t', n: '7' });
});

test('the function of EventBridge can send the detail alone', () => {
  const event = { id: 'e-1', source: 'shop', 'detail-type': 'Placed', detail: { orderId: 'o-1' } };
  const [record] = recordsOf('eventbridge', event, { unwrap: 'eventbridge', keys: 'body.orderId' });
  expect(record?.toMessage()).toMatchObject({
    body: '{"orderId":"o-1"}',
    keys: ['e-1', 'o-1'],
    properties: { 'aws.detailType': 'Placed' },
  });
});

describe('a Kafka tombstone', () => {
  const event = { records: { 'orders-0': [{ offset: 1, key: 'YQ==', value: null }] } };

  test('can be filtered', () => {
    const [record] = recordsOf('kafka', event, { filter: 'body' });
    expect(record?.isFiltered?.()).toBe(true);
  });

  test('can be given a body', () => {
    const [record] = recordsOf('kafka', event, { body: '{deleted: shardingKey}' });
    expect(record?.isFiltered?.()).toBe(false);
    expect(record?.toMessage().body).toBe('{"deleted":"a"}');
  });

  test('else fails as without a mapping', () => {
    const [record] = recordsOf('kafka', event, { tag: { literal: 'a' } });
    expect(() => record?.toMessage()).toThrow(EventError);
    expect(() => record?.toMessage()).toThrow('a tombstone has none');
  });
});

describe('a filter', () => {
  test.each<[string, string, boolean]>([
    ["body.status != 'draft'", '{"status":"draft"}', true],
    ["body.status != 'draft'", '{"status":"paid"}', false],
    ['body.total', '{"total":0}', false],
    ['body.total', '{}', true],
    ['body.items', '{"items":[]}', true],
  ])('%s of %s: %s', (filter, body, isFiltered) => {
    const [record] = recordsOf('sqs', queued(body), { filter });
    expect(record?.isFiltered?.()).toBe(isFiltered);
  });

  test.each<[string, boolean]>([
    ['body', false],
    ['!body', true],
    ['body && `true`', false],
    ["body && record.kinesis.partitionKey == 'other'", true],
  ])('%s of a body that is no text: %s', (filter, isFiltered) => {
    const kinesis = { partitionKey: 'k', sequenceNumber: '1', data: '//4=' };
    const [record] = recordsOf('kinesis', { Records: [{ kinesis }] }, { filter });
    expect(record?.isFiltered?.()).toBe(isFiltered);
  });

  test('that fails filters nothing: the record fails', () => {
    const [record] = recordsOf('sqs', queued('{}'), { filter: "contains(body.tags, 'a')" });
    expect(() => record?.isFiltered?.()).toThrow("mapping.filter (contains(body.tags, 'a')) fails: ");
  });

  test('sees what is within the envelope', () => {
    const [record] = recordsOf('sqs', sample('sqs', 'sns-in-sqs'), {
      unwrap: 'sns',
      filter: "body.orderId == 'o-4001'",
    });
    expect(record?.isFiltered?.()).toBe(false);
  });
});

describe('a record of several', () => {
  const s3 = (key: string) => ({ eventName: 'Put', s3: { bucket: { name: 'b' }, object: { key } } });

  test('becomes messages with ids of their own, the first of which has that of a single one', () => {
    const two = recordsOf('sqs', queued(JSON.stringify({ Records: [s3('a'), s3('b')] })), { unwrap: 's3' });
    const one = recordsOf('sqs', queued('x'))[0]?.toMessage().msgId;
    const ids = two.map((record) => record.toMessage().msgId);
    expect(ids).toEqual([one, expect.any(String)]);
    expect(new Set(ids).size).toBe(2);
    expect(two.map(({ id }) => id)).toEqual(['m-1', 'm-1']);
  });

  test('that cannot be opened fails alone, and those without any are filtered', () => {
    const { Records } = queued('no notification');
    const empty = queued('{"Records":[]}').Records;
    const [broken, none] = recordsOf('sqs', { Records: [...Records, ...empty] }, { unwrap: 's3' });
    expect(() => broken?.isFiltered?.()).toThrow('mapping.unwrap ("s3")');
    expect(() => broken?.toMessage()).toThrow('mapping.unwrap ("s3")');
    expect(none?.isFiltered?.()).toBe(true);
  });
});

test('records may be dropped when the mapping says so, and else not', () => {
  expect(recordsOf('sqs', queued('x'), { onPermanentError: 'drop' })[0]?.isDroppable).toBe(true);
  for (const mapping of [{}, { onPermanentError: 'report' }]) {
    expect(recordsOf('sqs', queued('x'), mapping)[0]?.isDroppable).toBe(false);
  }
});

describe('a body that is nested too deeply is a fault of its record', () => {
  const nested = (value: string) => `${'['.repeat(50_000)}${value}${']'.repeat(50_000)}`;
  const detail = `{"detail-type":"Placed","detail":${nested('1')}}`;
  const s3 = `{"Records":[{"eventName":"Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"},"more":${nested('1')}}}]}`;

  test.each<[string, object, string, string, string]>([
    ['to be read', { tag: 'body.a' }, nested('1e10'), 'body', 'the body is nested too deeply for a mapping'],
    ['to be written', { body: 'body' }, nested('1'), 'mapping.body', 'mapping.body (body) must give a body that'],
    ['to be unwrapped', { unwrap: 'eventbridge' }, detail, 'mapping.unwrap', '("eventbridge"): the body is nested too'],
    ['to be opened', { unwrap: 's3' }, s3, 'mapping.unwrap', '("s3"): the body is nested too deeply'],
  ])('%s', (_what, mapping, body, field, reason) => {
    const [record] = recordsOf('sqs', queued(body), mapping);
    expect(() => record?.toMessage()).toThrow(MessageError);
    expect(() => record?.toMessage()).toThrow(expect.objectContaining({ field }));
    expect(() => record?.toMessage()).toThrow(reason);
  });
});
