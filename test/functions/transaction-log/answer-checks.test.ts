import { expect, test } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { type AnswerChecksOptions, answerChecks } from '../../../functions/transaction-log/answer-checks.ts';
import { MemoryTransactionLog } from '../../../functions/transaction-log/memory-transaction-log.ts';
import type { TransactionLog } from '../../../functions/transaction-log/transaction-log.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import type { Fault } from '../../../local/embedded/fault.ts';
import { GivenClock } from '../rocketmq/remoting/given-clock.ts';

const END_TRANSACTION = 37;
const BROKERS = [{ name: 'broker-a' }, { name: 'broker-b' }];
const TOPICS = [{ name: 'T', queues: 1 }];

async function start() {
  const clock = new GivenClock();
  const cluster = await startEmbeddedCluster({ brokers: BROKERS, topics: TOPICS, clock });
  const log = new MemoryTransactionLog({ now: () => clock.now(), patienceMs: 10_000 });
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, clock, connectTimeoutMs: 200 });
  const producer = client.producer({ group: 'PG' });
  const stop = async () => {
    await client.shutdown(deadlineAfter(1_000));
    await cluster.stop();
  };
  const registered = () => cluster.brokers.map(({ producers }) => producers.clients('PG').length);
  return { clock, cluster, log, client, producer, registered, [Symbol.asyncDispose]: stop };
}

test('a stay awake answers every master from the log, counts, and leaves nobody registered', async () => {
  await using started = await start();
  const { clock, cluster, log, client, producer, registered } = started;
  const sending = await client.beginInvocation(deadlineAfter(10_000));
  const open = [];
  for (let index = 0; index < 4; index++) {
    open.push(await producer.sendTransaction({ topic: 'T', body: String(index) }, async () => 'unknown'));
  }
  await sending.end();
  // One more than half, so that each broker has one of them.
  for (const { msgId } of open.slice(0, 3)) log.commit(msgId);
  const upkeep = await client.beginInvocation(deadlineAfter(10_000));
  let remainingMs = 10_000;
  const stay = answerChecks({
    producer,
    log,
    topics: ['T'],
    awakeMs: 500,
    deadline: { remainingMs: () => remainingMs },
  });
  await expect.poll(registered).toEqual([1, 1]);
  clock.advance(15_000);
  for (const broker of cluster.brokers) broker.checkTransactions();
  const ends = () => cluster.brokers.reduce((sum, { requests }) => sum + requests.count(END_TRANSACTION), 0);
  await expect.poll(ends).toBe(8);
  remainingMs = 0;
  expect(await stay).toEqual({ asked: 4, committed: 3, rolledBack: 1, unknown: 0, isRegistered: true, errors: [] });
  await upkeep.end();
  expect(registered()).toEqual([0, 0]);
  expect(client.pendingCount).toBe(0);
});

test('a broker that cannot be reached is told of, and does not keep the others from being answered', async () => {
  await using started = await start();
  const { clock, cluster, client, producer } = started;
  const sending = await client.beginInvocation(deadlineAfter(10_000));
  const { half } = await producer.sendTransaction({ topic: 'T', body: 'x' }, async () => 'unknown');
  await sending.end();
  const other = cluster.brokers.find(({ name }) => name !== half.queue.brokerName);
  other?.faults.add({ codes: [34], kind: 'answer', code: 1, remark: 'no heartbeats here' });
  const upkeep = await client.beginInvocation(deadlineAfter(10_000));
  const stay = answerChecks({ producer, log: started.log, topics: ['T'], awakeMs: 500 });
  const asked = cluster.broker(half.queue.brokerName);
  await expect.poll(() => asked.producers.clients('PG').length).toBe(1);
  clock.advance(15_000);
  asked.checkTransactions();
  const counts = await stay;
  expect(counts).toMatchObject({ asked: 1, rolledBack: 1, isRegistered: false });
  expect(counts.errors).toEqual([expect.stringContaining('no heartbeats here')]);
  await upkeep.end();
});

test('a broker that did not take the group in gets it soon again, in the same stay', async () => {
  await using started = await start();
  const { cluster, client, producer, registered } = started;
  cluster.brokers[0]?.faults.add({ codes: [34], kind: 'answer', code: 1, remark: 'not yet', times: 1 });
  const upkeep = await client.beginInvocation(deadlineAfter(20_000));
  const stay = answerChecks({ producer, log: started.log, topics: ['T'], awakeMs: 4_000 });
  expect(await stay).toMatchObject({ isRegistered: true, errors: [expect.stringContaining('not yet')] });
  expect(registered()).toEqual([1, 1]);
  await upkeep.end();
});

/** Leaves a transaction open whose commit is in the log, and has its broker ask for it during a stay awake. */
async function stayForOne(started: Awaited<ReturnType<typeof start>>, log: TransactionLog, fault?: Fault) {
  const { clock, cluster, client, producer } = started;
  const sending = await client.beginInvocation(deadlineAfter(10_000));
  const { half, msgId } = await producer.sendTransaction({ topic: 'T', body: 'x' }, async () => 'unknown');
  await sending.end();
  started.log.commit(msgId);
  const upkeep = await client.beginInvocation(deadlineAfter(10_000));
  const stay = answerChecks({ producer, log, topics: ['T'], awakeMs: 500 });
  const asked = cluster.broker(half.queue.brokerName);
  await expect.poll(() => asked.producers.clients('PG').length).toBe(1);
  if (fault !== undefined) asked.faults.add(fault);
  clock.advance(15_000);
  asked.checkTransactions();
  const counts = await stay;
  await upkeep.end();
  return { counts, delivered: cluster.messages('T') };
}

test('a delivery that could not be noted is told of: it may be delivered once more', async () => {
  await using started = await start();
  const noNotes: TransactionLog = {
    decide: (transaction) => started.log.decide(transaction),
    markDelivered: () => Promise.reject(new Error('the log takes no notes')),
  };
  const { counts, delivered } = await stayForOne(started, noNotes);
  expect(counts).toMatchObject({ asked: 1, committed: 1, errors: ['the log takes no notes'] });
  expect(delivered).toHaveLength(1);
});

test('an answer that the broker does not take counts as unknown, and is told of', async () => {
  await using started = await start();
  const fault = { codes: [END_TRANSACTION], kind: 'answer', code: 1, remark: 'not found' } as const;
  const { counts, delivered } = await stayForOne(started, started.log, fault);
  expect(counts).toMatchObject({ asked: 1, committed: 0, unknown: 1, errors: [expect.stringContaining('not found')] });
  expect(delivered).toEqual([]);
});

test('of many checks that fail in an outage of the log all are counted, and the first errors told', async () => {
  await using started = await start();
  const { clock, cluster, client, producer } = started;
  const sending = await client.beginInvocation(deadlineAfter(10_000));
  const unknown = async () => 'unknown' as const;
  const messages = Array.from({ length: 120 }, (_, index) => ({ topic: 'T', body: String(index) }));
  await Promise.all(messages.map((message) => producer.sendTransaction(message, unknown)));
  await sending.end();
  const noLog: TransactionLog = {
    decide: ({ msgId }) => Promise.reject(new Error(`${msgId} is not read`)),
    markDelivered: async () => undefined,
  };
  const upkeep = await client.beginInvocation(deadlineAfter(10_000));
  const stay = answerChecks({ producer, log: noLog, topics: ['T'], awakeMs: 500 });
  await expect.poll(started.registered).toEqual([1, 1]);
  clock.advance(15_000);
  for (const broker of cluster.brokers) broker.checkTransactions();
  const { errors, ...counts } = await stay;
  await upkeep.end();
  expect(counts).toMatchObject({ asked: 120, unknown: 120 });
  expect(errors).toHaveLength(50);
});

test.each([
  ['awakeMs', Number.NaN, '"awakeMs" is NaN'],
  ['awakeMs', undefined, '"awakeMs" is undefined'],
  ['awakeMs', 0, '"awakeMs" is 0'],
  ['topics', [], 'the topics are []'],
  ['topics', 'orders', 'the topics are "orders"'],
  ['topics', [5], 'the topics are [5]'],
])('a stay with %s of "%s" is refused: nobody would be answered', async (name, value, fault) => {
  await using started = await start();
  const { log, producer } = started;
  const options = { producer, log, topics: ['T'], awakeMs: 500, [name]: value } as AnswerChecksOptions;
  await expect(answerChecks(options)).rejects.toMatchObject({
    code: 'ROCKETMQ_OPTIONS',
    message: expect.stringContaining(fault),
  });
});
