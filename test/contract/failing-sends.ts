/**
 * Run by itself, with `--expose-gc`: sends 10,000 messages that all fail, in ten different ways, and prints what is left of
 * them as one line of JSON. The arguments are the name servers' address and how many sends of each way. The cluster is of
 * another process, so that what it keeps is not counted here.
 */
import { createClient, deadlineAfter, type Message, type Producer, RocketMQError, type SendOptions } from '#rocketmq';

const [nameServerAddr = '', count = '1000'] = process.argv.slice(2);
const SENDS = Number(count);
const AT_ONCE = 100;

/** Topics that the test has prepared for each way to fail, and what makes a send fail by itself. */
const ways: Readonly<Record<string, { readonly message?: Partial<Message>; readonly options?: () => SendOptions }>> = {
  illegal: { message: { body: '' } },
  absent: {},
  refused: {},
  denied: {},
  readonly: {},
  unreachable: {},
  late: { options: () => ({ deadline: deadlineAfter(1) }) },
  fin: {},
  busy: {},
  silent: {},
};

const client = createClient({ nameServerAddrs: [nameServerAddr] });
// A busy machine must not turn another failure into a timeout: only one way is hurried.
const patient = client.producer({ group: 'patient', maxAttempts: 2, attemptTimeoutMs: 20_000, sendTimeoutMs: 40_000 });
const hurried = client.producer({ group: 'hurried', maxAttempts: 2, attemptTimeoutMs: 60, sendTimeoutMs: 500 });
const outcomes: Record<string, Record<string, number>> = {};

async function failOnce(way: string): Promise<void> {
  const { message, options } = ways[way] ?? {};
  const producer: Producer = way === 'silent' ? hurried : patient;
  try {
    await producer.send({ topic: way, body: 'x', ...message }, options?.());
    throw new Error(`a send of "${way}" did not fail`);
  } catch (error) {
    if (!(error instanceof RocketMQError)) throw error;
    const counts = outcomes[way] ?? {};
    const key = `${error.code} ${error.outcome}`;
    outcomes[way] = { ...counts, [key]: (counts[key] ?? 0) + 1 };
  }
}

async function failAll(sends: number): Promise<void> {
  for (const way of Object.keys(ways)) {
    for (let begun = 0; begun < sends; begun += AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, sends - begun) }, () => failOnce(way)));
    }
  }
}

/** Bytes in use after everything that can go has gone. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}

const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

// Whatever is made once is made now: code, tables, connections.
await failAll(AT_ONCE);
for (const way of Object.keys(outcomes)) delete outcomes[way];
const heapBefore = await heapBytes();
const listenersBefore = listeners();
await failAll(SENDS);
const heapGrowthBytes = (await heapBytes()) - heapBefore;
const { pendingCount } = client;
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
await client.shutdown(deadlineAfter(500));
await new Promise(setImmediate);
const left = process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FS)/.test(name));
const report = { outcomes, heapGrowthBytes, pendingCount, timers, left, listeners: listeners() - listenersBefore };
process.stdout.write(`${JSON.stringify(report)}\n`);
