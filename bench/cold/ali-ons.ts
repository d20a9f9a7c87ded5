import { writeSync } from 'node:fs';
import { Message, Producer } from 'ali-ons';

const importedMs = process.uptime() * 1000;
const { nameServerAddrs, topic } = JSON.parse(process.env.BENCH_TARGET ?? '{}');

async function firstMessage(): Promise<void> {
  const producer = new Producer({ nameSrv: nameServerAddrs.join(';'), httpclient: {}, producerGroup: 'bench-cold' });
  await producer.ready();
  const message = new Message(topic, 'bench', Buffer.alloc(256, 'x'));
  message.keys = ['key'];
  await producer.send(message);
  writeSync(1, JSON.stringify({ importedMs, confirmedMs: process.uptime() * 1000 }));
  process.exit(0);
}

void firstMessage();
