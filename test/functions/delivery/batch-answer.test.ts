import { expect, test } from 'vitest';
import { MessageError, type SendResult } from '#rocketmq';
import { batchAnswer } from '../../../functions/delivery/batch-answer.ts';
import type { DeliveredRecord } from '../../../functions/delivery/deliver.ts';
import type { BatchRecord } from '../../../functions/delivery/delivery-record.ts';

const result: SendResult = {
  status: 'SEND_OK',
  msgId: 'id',
  offsetMsgId: 'offset-id',
  queue: { topic: 'orders', brokerName: 'broker-a', queueId: 0 },
  queueOffset: 0,
  attempts: 1,
  isPossibleDuplicate: false,
  regionId: undefined,
  recallHandle: undefined,
};

function delivered(id: string, isStored: boolean): DeliveredRecord<BatchRecord> {
  const record = {
    id,
    itemIdentifier: `item-${id}`,
    orderingKey: undefined,
    toMessage: () => ({ topic: 'orders', body: id }),
  };
  if (isStored) return { record, outcome: { status: 'stored', result } };
  return { record, outcome: { status: 'failed', error: new MessageError('body', 'no') } };
}

test('the answer names every record that is not stored, in the order of the event', () => {
  expect(batchAnswer([delivered('a', false), delivered('b', true), delivered('c', false)])).toEqual({
    batchItemFailures: [{ itemIdentifier: 'item-a' }, { itemIdentifier: 'item-c' }],
  });
});

test('an identifier may be an object, and is given back as it is', () => {
  const itemIdentifier = { partition: 'orders-0', offset: 7 };
  const { record, outcome } = delivered('a', false);
  expect(batchAnswer([{ record: { ...record, itemIdentifier }, outcome }])).toEqual({
    batchItemFailures: [{ itemIdentifier }],
  });
});

test('the answer is an object with an empty list, never nothing, when all are stored or there are none', () => {
  expect(batchAnswer([delivered('a', true)])).toEqual({ batchItemFailures: [] });
  expect(batchAnswer([])).toEqual({ batchItemFailures: [] });
});

test('a record that became several messages is named once, and those that are filtered or dropped are not named', () => {
  const { record, outcome } = delivered('a', false);
  const error = new MessageError('body', 'no');
  const answer = batchAnswer([
    { record, outcome },
    { record: { ...record }, outcome },
    { record: delivered('b', true).record, outcome: { status: 'filtered' } },
    { record: delivered('c', true).record, outcome: { status: 'dropped', error } },
  ]);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'item-a' }] });
});
