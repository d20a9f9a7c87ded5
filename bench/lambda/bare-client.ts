import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { createClient } from '#rocketmq';
import { RECORDS_AT_ONCE } from '../../functions/delivery/deliver.ts';
import { ORIGIN_PROPERTIES } from '../../functions/delivery/event-properties.ts';
import { measured } from './measured.ts';

const topic = process.env.ROCKETMQ_TOPIC ?? '';
const client = createClient({ nameServerAddrs: (process.env.ROCKETMQ_NAME_SERVERS ?? '').split(';') });
const producer = client.producer({ group: 'bench-bare' });

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
  await Promise.all(Array.from({ length: Math.min(RECORDS_AT_ONCE, Records.length) }, work));
  return { failed };
});

function messageOf({ messageId, body, eventSourceARN }: SQSRecord) {
  const properties = { [ORIGIN_PROPERTIES.source]: eventSourceARN, [ORIGIN_PROPERTIES.id]: messageId };
  return { topic, body, keys: [messageId], properties };
}
