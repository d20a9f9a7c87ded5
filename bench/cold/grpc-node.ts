import { writeSync } from 'node:fs';
import { Producer } from 'rocketmq-client-nodejs';

const importedMs = process.uptime() * 1000;
const { grpcAddr, topic } = JSON.parse(process.env.BENCH_TARGET ?? '{}');
const ignore = () => undefined;

async function firstMessage(): Promise<void> {
  const logger = { info: ignore, debug: ignore, warn: console.error, error: console.error };
  const producer = new Producer({ endpoints: grpcAddr, namespace: '', topics: [topic], logger });
  await producer.startup();
  await producer.send({ topic, tag: 'bench', keys: ['key'], body: Buffer.alloc(256, 'x') });
  writeSync(1, JSON.stringify({ importedMs, confirmedMs: process.uptime() * 1000 }));
  process.exit(0);
}

void firstMessage();
