import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { recordMsgId } from '../../../functions/delivery/record-msg-id.ts';
import { kafkaRecords } from '../../../functions/kafka/kafka-records.ts';
import { sample } from '../bundled-function.ts';

const target = { topic: 'orders', traceId: undefined };
const source = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/1';

/** Message of a record that has this time. */
function messageAt(timestamp: unknown) {
  const record = { topic: 'orders', partition: 0, offset: 15, timestamp, value: 'eyJzdGVwIjoxfQ==', headers: [] };
  const [first] = kafkaRecords({ eventSourceArn: source, records: { 'orders-0': [record] } }, target);
  if (first === undefined) throw new Error('no record');
  return first.toMessage();
}

describe('the time of a record', () => {
  test('dates its message id', () => {
    const msgId = recordMsgId({ sourceArn: source, recordId: 'orders-0-15', at: 1793178000100 });
    expect(messageAt(1793178000100).msgId).toBe(msgId);
  });

  // -1 is what Kafka says of records that older producers wrote without a time.
  test.each([[-1], [null], [undefined], [-62_135_596_800_000]])(
    'may be %s: the id is made without it, and the record is no poison',
    (timestamp) => {
      const msgId = recordMsgId({ sourceArn: source, recordId: 'orders-0-15', at: 0 });
      expect(messageAt(timestamp).msgId).toBe(msgId);
    },
  );

  test.each([1_793_178_000_000_000_000, 2 ** 63, 8_640_000_000_000_001, -(2 ** 63)])(
    'that is %s, as of a clock that counts something else, does not hold up the partition',
    (timestamp) => {
      expect(messageAt(timestamp).msgId).toBe(messageAt(-1).msgId);
    },
  );

  test.each([['yesterday'], [1.5], [{}]])('that is %s fails the record, and is named', (timestamp) => {
    expect(() => messageAt(timestamp)).toThrow('records.orders-0[0].timestamp');
  });
});

test('the records of a partition are ordered by their keys, and by the partition where they have none', () => {
  const records = kafkaRecords(sample('kafka', 'plain'), target);
  expect(new Set(records.map(({ orderingKey }) => orderingKey))).toContain('orders-0\nanna');
  expect(new Set(records.map(({ orderingKey }) => orderingKey))).toContain('orders-1');
});

describe('text in UTF-8 stays text, and what is none, or holds a separator of properties, becomes base64:', () => {
  const messageOf = (bytes: readonly number[]) => {
    const key = Buffer.from(bytes).toString('base64');
    const record = { topic: 'orders', partition: 0, offset: 1, key, value: 'eA==', headers: [{ kind: bytes }] };
    return kafkaRecords({ eventSourceArn: source, records: { 'orders-0': [record] } }, target)[0]?.toMessage();
  };

  test.each([
    [[0xc3, 0xb6], 'ö'],
    [[0x61, 0xff], 'Yf8='],
    [[0x61, 0x01], 'YQE='],
    [[0x61, 0x02], 'YQI='],
  ])('%j is %s, as a key and as a header', (bytes, text) => {
    expect(messageOf(bytes)).toMatchObject({ shardingKey: text, properties: { kind: text } });
  });
});
