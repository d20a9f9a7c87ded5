import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { createClient } from '#rocketmq';
import { measured } from './measured.ts';

const topic = process.env.ROCKETMQ_TOPIC ?? '';
const client = createClient({ nameServerAddrs: (process.env.ROCKETMQ_NAME_SERVERS ?? '').split(';') });
const producer = client.producer({ group: 'bench-bare' });

/** As many as the function has under way. */
const AT_ONCE = 256;

/**
 * The same sends by the bare client: equal messages, as many at once. No middleware, no reading of the event, no ids made of
 * the records, no due work, no metrics, no answer by record.
 */
export const handler = measured(async ({ Records }: SQSEvent) => {
  let next = 0;
  let failed = 0;
  const work = async () => {
    for (let record = Records[next++]; record !== undefined; record = Records[next++]) {
      await producer.send(messageOf(record)).catch(() => failed++);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, Records.length) }, work));
  return { failed };
});

function messageOf({ messageId, body, eventSourceARN }: SQSRecord) {
  return { topic, body, keys: [messageId], properties: { 'aws.source': eventSourceARN, 'aws.id': messageId } };
}
