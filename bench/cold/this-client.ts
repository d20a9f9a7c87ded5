import { writeSync } from 'node:fs';
import { createClient } from '#rocketmq';

// From the start of the process to the first confirmed message with this project's client, and nothing else.
const importedMs = process.uptime() * 1000;
const { nameServerAddrs, topic } = JSON.parse(process.env.BENCH_TARGET ?? '{}');
const producer = createClient({ nameServerAddrs }).producer({ group: 'bench-cold' });
await producer.send({ topic, body: 'x'.repeat(256), tag: 'bench', keys: ['key'] });
writeSync(1, JSON.stringify({ importedMs, confirmedMs: process.uptime() * 1000 }));
process.exit(0);
