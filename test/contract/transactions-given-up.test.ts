import { describe, expect, test, vi } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startChecking } from './checking-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic, uniqueName } from './clusters.ts';

const READ_ONLY = 4;
/** Two rounds of checks, 5 s each, the round that gives up, and what a loaded machine adds. */
const GIVEN_UP_LIMIT_MS = 120_000;

// Side by side: most of it is waiting for the next round of checks.
describe.each(contractKinds)('on %s, a transaction that nobody answers for', { concurrent: true }, (kind) => {
  test('is counted when its broker has given it up, also when nothing may be written there any more, and one that somebody answers for is delivered', {
    timeout: CLUSTER_START_LIMIT_MS,
  }, async (context) => {
    await using cluster = await startChecking(kind, context, { checkMax: 2 });
    const { nameServerAddrs } = cluster;
    const admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin }, 1);
    const client = createClient({ nameServerAddrs });
    const count = () => client.transactionsGivenUp([topic], deadlineAfter(5_000));
    // Before the first one the broker has not even the queue that it will be put into.
    expect(await count()).toBe(0);

    const upkeep = await client.beginInvocation(deadlineAfter(10_000));
    const producer = client.producer({ group: uniqueName('group') });
    await producer.sendTransaction({ topic, body: 'open' }, async () => 'unknown');
    const listening = uniqueName('group');
    await client.producer({ group: listening }).sendTransaction({ topic, body: 'answered for' }, async () => 'unknown');
    await upkeep.end();
    await client.shutdown(deadlineAfter(1_000));

    // As before maintenance: it takes no new messages, and asks about those that it has.
    await admin.createTopic(topicConfig(topic, 1, { perm: READ_ONLY }));
    const checker = createClient({ nameServerAddrs });
    const awake = await checker.beginInvocation(deadlineAfter(GIVEN_UP_LIMIT_MS));
    const listener = checker.producer({ group: listening });
    await listener.onTransactionCheck({ check: async () => 'commit' });
    await listener.awaitTransactionChecks([topic]);
    const givenUp = () => checker.transactionsGivenUp([topic], deadlineAfter(5_000));
    await vi.waitFor(async () => expect(await givenUp()).toBe(1), { timeout: GIVEN_UP_LIMIT_MS, interval: 500 });
    expect((await admin.readAll(topic)).map(({ body }) => body.toString())).toEqual(['answered for']);
    await awake.end();
    await checker.shutdown(deadlineAfter(1_000));
    await admin.close();
  });
});
