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

  test.each([['yesterday'], [1.5], [{}]])('that is %s fails the record, and is named', (timestamp) => {
    expect(() => messageAt(timestamp)).toThrow('records.orders-0[0].timestamp');
  });
});

test('the records of a partition are ordered by their keys, and by the partition where they have none', () => {
  const records = kafkaRecords(sample('kafka', 'plain'), target);
  expect(new Set(records.map(({ orderingKey }) => orderingKey))).toContain('orders-0\nanna');
  expect(new Set(records.map(({ orderingKey }) => orderingKey))).toContain('orders-1');
});
