import type { SQSEvent } from 'aws-lambda';
import { createClient } from '#rocketmq';
import { measured } from './measured.ts';

const topic = process.env.ROCKETMQ_TOPIC ?? '';
const client = createClient({ nameServerAddrs: (process.env.ROCKETMQ_NAME_SERVERS ?? '').split(';') });
const producer = client.producer({ group: 'bench-bare' });

/** The same records sent by the bare client: no middleware, no due work, no metrics, no answer by record. */
export const handler = measured(async ({ Records }: SQSEvent) => {
  const outcomes = await producer.sendAll(Records.map(({ messageId, body }) => ({ topic, body, keys: [messageId] })));
  return { failed: outcomes.filter(({ status }) => status === 'failed').length };
});
