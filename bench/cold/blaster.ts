import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createConnection } from 'node:net';
import { BlastFrame, FIRST_OPAQUE, requestFrame } from '../blaster/blast-frames.ts';

// The least that leads from nothing to a confirmed message: ask a name server, connect to the broker, send one frame.
const importedMs = process.uptime() * 1000;
const { nameServerAddrs, topic } = JSON.parse(process.env.BENCH_TARGET ?? '{}');
const route = await ask(nameServerAddrs[0], requestFrame(105, { topic }, 'JSON'));
const { brokerDatas } = JSON.parse(route.toString('utf8', 8 + (route.readInt32BE(4) & 0xffffff)));
const frame = new BlastFrame({ serializeType: 'ROCKETMQ', topic, queues: 1, bodyBytes: 256, batch: 1 }, 0);
const send = Buffer.alloc(frame.bytes.length);
frame.copyTo(send, 0, FIRST_OPAQUE + 1);
await ask(brokerDatas[0].brokerAddrs['0'], send);
writeSync(1, JSON.stringify({ importedMs, confirmedMs: process.uptime() * 1000 }));
process.exit(0);

/** Connects, writes a request and resolves with the frame that answers it, length word included. */
async function ask(addr: string, request: Buffer): Promise<Buffer> {
  const [host, port] = [addr.slice(0, addr.lastIndexOf(':')), Number(addr.slice(addr.lastIndexOf(':') + 1))];
  const socket = createConnection({ host, port, noDelay: true });
  socket.write(request);
  let received = Buffer.alloc(0);
  while (received.length < 4 || received.length < received.readInt32BE(0) + 4) {
    const [chunk] = await once(socket, 'data');
    received = Buffer.concat([received, chunk]);
  }
  return received;
}
