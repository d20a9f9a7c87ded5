import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { logCheckListener } from '../../../functions/transaction-log/log-check-listener.ts';
import { MemoryTransactionLog } from '../../../functions/transaction-log/memory-transaction-log.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../rocketmq/remoting/given-clock.ts';

test('checks are answered from the log: one copy of what was committed, none of what never happened', async () => {
  const clock = new GivenClock();
  await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }], clock });
  const log = new MemoryTransactionLog({ now: () => clock.now(), patienceMs: 10_000 });
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, clock });
  const producer = client.producer({ group: 'PG' });
  await producer.onTransactionCheck(logCheckListener(log));
  const upkeep = await client.beginInvocation(deadlineAfter(10_000));
  const ends = () => cluster.broker().requests.count(37);
  const happened = await producer.sendTransaction({ topic: 'T', body: 'a' }, async ({ msgId }) => {
    log.commit(msgId);
    return 'unknown';
  });
  await producer.sendTransaction({ topic: 'T', body: 'b' }, async () => {
    throw new Error('the sandbox died here');
  });
  await cluster.broker().requests.arrived(37, 2);
  clock.advance(7_000);
  // The second one is too young for the log to give it up.
  expect(cluster.broker().checkTransactions()).toMatchObject({ asked: 2 });
  await expect.poll(ends).toBe(4);
  await expect.poll(() => client.pendingCount).toBe(0);
  clock.advance(30_000);
  expect(cluster.broker().checkTransactions()).toMatchObject({ asked: 1 });
  await expect.poll(ends).toBe(5);
  await expect.poll(() => client.pendingCount).toBe(0);
  clock.advance(30_000);
  expect(cluster.broker().checkTransactions()).toMatchObject({ asked: 0 });
  expect(
    cluster
      .broker()
      .messages('T')
      .map(({ properties }) => properties.UNIQ_KEY),
  ).toEqual([happened.msgId]);
  expect(await log.decide({ msgId: happened.msgId, bornAt: 0 })).toBe('rollback');
  await upkeep.end();
  await client.shutdown();
});

test('of many checks 25 at a time are asked of the log, so that whoever sends beside them has not to wait for all', async () => {
  const gate = Promise.withResolvers<'unknown'>();
  let asked = 0;
  const decide = () => {
    asked++;
    return gate.promise;
  };
  const { check } = logCheckListener({ decide, markDelivered: async () => undefined });
  const message = { topic: 'T', body: Buffer.from('x'), properties: {}, bornAt: 0, checkTimes: 1 };
  const answers = Array.from({ length: 60 }, (_, index) => check({ ...message, msgId: String(index) }));
  expect(asked).toBe(25);
  gate.resolve('unknown');
  expect(await Promise.all(answers)).toEqual(Array(60).fill('unknown'));
  expect(asked).toBe(60);
});
