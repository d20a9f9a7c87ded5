import { expect } from 'vitest';
import { createClient, deadlineAfter, type Outcome, type SendOutcome } from '#rocketmq';
import type { AdminClient } from '../../local/admin-client.ts';
import type { TcpProxy } from '../../local/faults/tcp-proxy.ts';
import { type RoundFault, randomFault, randomNumbers } from './random-faults.ts';

export interface FaultRoundsOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly nameServerAddrs: readonly string[];
  /** In front of the one broker of the cluster. */
  readonly proxy: TcpProxy;
  readonly admin: AdminClient;
  readonly topic: string;
  readonly attemptTimeoutMs: number;
}

/** What became of the messages of all rounds. */
export interface FaultFigures {
  readonly stored: number;
  readonly failed: Readonly<Record<Outcome, number>>;
  /** Messages found more than once. */
  readonly duplicates: number;
  /** Of these, those that were told as stored without a word of a possible duplicate. */
  readonly untoldDuplicates: number;
}

/** One message of a round; its body begins with its name, which no other one has. */
interface Sent {
  readonly name: string;
  readonly outcome: SendOutcome;
  readonly about: string;
}

const MESSAGES_A_ROUND = 8;

/**
 * Rounds as of a warm function: begin an invocation, send, end it; each under another fault of the network. Fails when a message
 * is told as stored and is not, or as not stored and is; when it was unknown and cannot be sent again; and when a request, a
 * connect or a socket is left.
 */
export async function runFaultRounds(options: FaultRoundsOptions): Promise<FaultFigures> {
  const { seed, rounds, proxy, admin, topic, nameServerAddrs, attemptTimeoutMs } = options;
  const random = randomNumbers(seed);
  const connectTimeoutMs = attemptTimeoutMs;
  const client = createClient({ nameServerAddrs, connectTimeoutMs, dueWorkBudgetMs: attemptTimeoutMs });
  const limits = { sendTimeoutMs: attemptTimeoutMs * 4, attemptTimeoutMs, maxAttempts: 3 };
  const producer = client.producer({ group: 'fault-rounds', ...limits });
  const all: Sent[] = [];

  async function invoke(messages: readonly { name: string; body: string }[], fault?: RoundFault, about = 'no fault') {
    const deadline = deadlineAfter(10_000);
    const upkeep = await client.beginInvocation(deadline);
    const bytesBefore = proxy.receivedBytes.fromClients;
    if (fault?.moment === 'before the write') fault.strike(proxy);
    const sending = producer.sendAll(
      messages.map(({ body }) => ({ topic, body })),
      { deadline },
    );
    if (fault?.moment === 'after the write') {
      await Promise.race([proxy.until(({ receivedBytes }) => receivedBytes.fromClients > bytesBefore), sending]);
      fault.strike(proxy);
    }
    const outcomes = await sending;
    await upkeep.end();
    await fault?.heal(proxy);
    expect(client.pendingCount, about).toBe(0);
    return messages.flatMap(({ name }, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [{ name, outcome, about }];
    });
  }

  for (let round = 0; round < rounds; round++) {
    const fault = randomFault(random);
    const messages = Array.from({ length: MESSAGES_A_ROUND }, (_, index) => {
      const name = `${seed}/${round}/${index}`;
      return { name, body: `${name} ${'x'.repeat(Math.floor(random() * 2000))}` };
    });
    all.push(...(await invoke(messages, fault, `seed ${seed}, round ${round}: ${fault.text}`)));
  }
  const failed = all.filter(({ outcome }) => outcome.status === 'failed');
  const before = await countByName(admin, topic);
  for (const sent of all) checkOutcome(sent, before.get(sent.name) ?? 0);
  const again = await invoke(failed.map(({ name }) => ({ name, body: `${name} again` })));
  expect(again.filter(({ outcome }) => outcome.status === 'failed')).toEqual([]);
  const after = await countByName(admin, topic);
  expect(all.filter(({ name }) => !after.has(name))).toEqual([]);
  await client.shutdown();
  await admin.close();
  await proxy.until(({ connections }) => connections === 0);
  expect(client.pendingCount).toBe(0);
  return figuresOf(all, before);
}

function checkOutcome({ outcome, about }: Sent, copies: number): void {
  if (outcome.status === 'stored') expect(copies, `${about}: told as stored`).toBeGreaterThan(0);
  else if (outcome.error.outcome !== 'unknown') expect(copies, `${about}: ${outcome.error.message}`).toBe(0);
}

async function countByName(admin: AdminClient, topic: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { body } of await admin.readAll(topic)) {
    const [name = ''] = body.toString().split(' ');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function figuresOf(all: readonly Sent[], counts: ReadonlyMap<string, number>): FaultFigures {
  const failed = { refused: 0, notSent: 0, unknown: 0 };
  let [stored, duplicates, untoldDuplicates] = [0, 0, 0];
  for (const { name, outcome } of all) {
    const isDuplicate = (counts.get(name) ?? 0) > 1;
    if (isDuplicate) duplicates++;
    if (outcome.status === 'failed') failed[outcome.error.outcome]++;
    else {
      stored++;
      if (isDuplicate && !outcome.result.isPossibleDuplicate) untoldDuplicates++;
    }
  }
  return { stored, failed, duplicates, untoldDuplicates };
}
