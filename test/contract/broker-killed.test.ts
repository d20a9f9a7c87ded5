import { expect, test } from 'vitest';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';
import { buildFunction, failuresOf, metricsOf, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent, redelivery } from './sqs-events.ts';

/** Enough that the broker is still being sent to when some of them are seen in its store. */
const RECORDS = 2000;
const SEEN_BEFORE_THE_KILL = 100n;
const GROUPS = 4;

test(
  'loses no record when the broker is killed in the midst of a batch: each is stored or reported, and stored when it comes again',
  async (context) => {
    await needsRealRocketMQ(context);
    await using cluster = await startRealCluster({ version: '5.5.0' });
    const { nameServerAddrs } = cluster;
    await using admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin }, 8);
    using built = buildFunction('sqs');
    await using host = startFunction(built, { topic, nameServers: nameServerAddrs });
    const event = newEvent(RECORDS, { groups: GROUPS });
    const ids = event.Records.map(({ messageId }) => messageId);

    const invoking = host.invoke(event);
    await isUnderWay(admin, topic);
    await cluster.kill('broker-a');
    const interrupted = await invoking;
    const reported = reportedBy(interrupted);
    const outcomes = new Set(failuresOf(interrupted).map(({ outcome }) => outcome));
    expect(reported.length).toBeGreaterThan(0);
    expect(reported.length).toBeLessThan(RECORDS);
    expect(interrupted.leftBehind).not.toContain('Timeout');

    await admin.close();
    await cluster.start('broker-a');
    const missing = ids.filter((id) => !reported.includes(id));
    const survived = new Set(keysOf(await readBack(admin, topic, missing.length)));
    expect(missing.filter((id) => !survived.has(id))).toEqual([]);

    const again = await host.invoke(redelivery(event, reported));
    expect(reportedBy(again)).toEqual([]);
    expect(metricsOf(again)).toMatchObject({ MessagesSent: reported.length });
    const messages = await readBack(admin, topic, RECORDS);
    expect(new Set(keysOf(messages))).toEqual(new Set(ids));
    for (let group = 0; group < GROUPS; group++) {
      const sent = event.Records.filter(({ attributes }) => attributes.MessageGroupId === `group-${group}`);
      const stored = messages.filter(({ properties }) => properties.__SHARDINGKEY === `group-${group}`);
      // Where a record was stored and reported too, its first copy is the one that keeps the order.
      expect([...new Set(keysOf(stored))]).toEqual(sent.map(({ messageId }) => messageId));
    }
    const duplicates = messages.length - RECORDS;
    await context.annotate(`${reported.length} of ${RECORDS} reported, ${[...outcomes]}, ${duplicates} stored twice`);
    // Each group can have one record whose answer was lost with the broker.
    expect(duplicates).toBeLessThanOrEqual(GROUPS);
  },
  CLUSTER_START_LIMIT_MS,
);

/** Resolves when some records of a topic with eight queues are in the store. */
async function isUnderWay(admin: AdminClient, topic: string): Promise<void> {
  const queueIds = Array.from({ length: 8 }, (_, queueId) => queueId);
  for (;;) {
    const offsets = queueIds.map((queueId) => admin.maxOffset({ topic, brokerName: 'broker-a', queueId }));
    const seen = (await Promise.all(offsets)).reduce((sum, offset) => sum + offset, 0n);
    if (seen >= SEEN_BEFORE_THE_KILL) return;
  }
}

function keysOf(messages: readonly StoredMessage[]): string[] {
  return messages.map(({ properties }) => properties.KEYS ?? '');
}
