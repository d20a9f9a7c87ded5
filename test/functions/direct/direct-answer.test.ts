import { expect, test } from 'vitest';
import { deadlineAfter, type SendResult } from '#rocketmq';
import { deliver } from '../../../functions/delivery/deliver.ts';
import { directAnswer } from '../../../functions/direct/direct-answer.ts';
import { readDirectEvent } from '../../../functions/direct/direct-event.ts';
import { directRecords } from '../../../functions/direct/direct-records.ts';

const stored = {
  status: 'SEND_OK',
  msgId: 'id-1',
  offsetMsgId: 'offset-id-1',
  queue: { topic: 'orders', brokerName: 'broker-a', queueId: 3 },
  queueOffset: 7,
  attempts: 1,
  isPossibleDuplicate: false,
  regionId: undefined,
} as const;

/** What is answered to one message that was stored. */
async function answerTo(result: SendResult) {
  const event = readDirectEvent({ body: 'x' });
  const records = directRecords(event, { topic: 'orders', traceId: undefined });
  const producer = { send: async () => result };
  return directAnswer(event, await deliver(records, { producer, deadline: deadlineAfter(10_000), record: () => {} }));
}

test('the answer to one message is where it is stored, and its recall handle where the broker gave one', async () => {
  const answer = {
    status: 'stored',
    msgId: 'id-1',
    offsetMsgId: 'offset-id-1',
    topic: 'orders',
    brokerName: 'broker-a',
    queueId: 3,
    queueOffset: 7,
  };
  expect(await answerTo({ ...stored, recallHandle: undefined })).toStrictEqual(answer);
  expect(await answerTo({ ...stored, recallHandle: 'handle' })).toStrictEqual({ ...answer, recallHandle: 'handle' });
});
