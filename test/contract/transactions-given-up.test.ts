import { describe, expect, test, vi } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { AdminClient } from '../../local/admin-client.ts';
import { startChecking } from './checking-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic, uniqueName } from './clusters.ts';

/** Two rounds of checks, 5 s each, the round that gives up, and what a loaded machine adds. */
const GIVEN_UP_LIMIT_MS = 120_000;

// Side by side: most of it is waiting for the next round of checks.
describe.each(contractKinds)('on %s, a transaction that nobody answers for', { concurrent: true }, (kind) => {
  test('is counted when its broker has given it up', { timeout: CLUSTER_START_LIMIT_MS }, async (context) => {
    await using cluster = await startChecking(kind, context, { checkMax: 2 });
    const { nameServerAddrs } = cluster;
    const admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin });
    const client = createClient({ nameServerAddrs });
    const count = () => client.transactionsGivenUp([topic], deadlineAfter(5_000));
    // Before the first one the broker has not even the queue that it will be put into.
    expect(await count()).toBe(0);

    const upkeep = await client.beginInvocation(deadlineAfter(10_000));
    const producer = client.producer({ group: uniqueName('group') });
    await producer.sendTransaction({ topic, body: 'open' }, async () => 'unknown');
    await upkeep.end();
    await vi.waitFor(async () => expect(await count()).toBe(1), { timeout: GIVEN_UP_LIMIT_MS, interval: 500 });
    await client.shutdown(deadlineAfter(1_000));
    await admin.close();
  });
});
