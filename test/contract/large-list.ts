/**
 * Run by itself, with `--expose-gc`: sends 10,000 messages of a kilobyte by one `sendAll`, and prints the memory it took as
 * one line of JSON. The arguments are the name server's address and the topic.
 */
import { createClient, type SendOutcome } from '#rocketmq';

const [nameServerAddr = '', topic = ''] = process.argv.slice(2);
const MESSAGES = 10_000;

/** Bytes of objects and buffers in use. */
function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Bytes of objects after everything that can go has gone; buffers are given back in the background, whenever that is. */
async function settledHeapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}

let peak = 0;
let seen = 0;
const sample = () => {
  if (seen++ % 100 === 0) peak = Math.max(peak, usedBytes());
};
const client = createClient({ nameServerAddrs: [nameServerAddr] });
// Patient, so that a busy machine makes nothing fail.
const limits = { attemptTimeoutMs: 20_000, sendTimeoutMs: 25_000 };
const producer = client.producer({ ...limits, group: 'large-list', sendHooks: [{ before: sample, after: sample }] });
const sendList = async () => {
  const messages = Array.from({ length: MESSAGES }, (_, index) => ({ topic, body: `${index}`.padEnd(1024, '.') }));
  const outcomes: readonly SendOutcome[] = await producer.sendAll(messages);
  return outcomes.filter(({ status }) => status === 'stored').length;
};
// Whatever is made once is made now.
await sendList();
const heapBefore = await settledHeapBytes();
const before = usedBytes();
peak = before;
const stored = await sendList();
const report = { stored, peakBytes: peak - before, leftHeapBytes: (await settledHeapBytes()) - heapBefore };
process.stdout.write(`${JSON.stringify(report)}\n`);
await client.shutdown();
