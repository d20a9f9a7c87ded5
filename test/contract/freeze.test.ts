import { afterAll, describe, expect, test } from 'vitest';
import { AdminClient } from '../../local/admin-client.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { startTcpProxy, type TcpProxy } from '../../local/faults/tcp-proxy.ts';
import type { LambdaHost } from '../../local/lambda/lambda-host.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';
import { buildFunction, metricsOf, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent } from './sqs-events.ts';

const IDLE_LIMIT_SECONDS = '3';
const RECORDS = 5;

const built = buildFunction('sqs');
afterAll(() => built[Symbol.dispose]());

/** What the server's end of an idle connection looks like to the frozen function. */
const waysToEnd = [
  { how: 'the FIN of the servers is seen', isSeen: true, reason: 'closed by peer' },
  { how: 'the FIN of the servers is never seen', isSeen: false, reason: 'error' },
] as const;

interface FreezeUnderTest {
  readonly host: LambdaHost;
  readonly admin: AdminClient;
  readonly topic: string;
  /** In front of the broker. */
  readonly proxy: TcpProxy;
  /** Resolves when the servers have closed what was idle since before the call. */
  readonly idleIsClosed: () => Promise<void>;
}

/**
 * Invokes, lets the servers close what is idle while the function is frozen, and invokes again: nothing is reported, nothing is
 * stored twice, and it takes one connect. The request that met the dead connection is the one extra round trip.
 */
async function surviveFreeze(
  { host, admin, topic, proxy, idleIsClosed }: FreezeUnderTest,
  { isSeen, reason }: (typeof waysToEnd)[number],
): Promise<void> {
  const event = newEvent(RECORDS);
  expect(reportedBy(await host.invoke(event))).toEqual([]);
  expect(host.frozen).toBe(true);
  if (!isSeen) proxy.apply({ kind: 'blackHole' }, 'present');
  await idleIsClosed();
  if (!isSeen) proxy.apply({ kind: 'forget' }, 'present');
  const connectionsBefore = proxy.totalConnections;
  const thawed = await host.invoke(newEvent(RECORDS));
  expect(reportedBy(thawed)).toEqual([]);
  expect(metricsOf(thawed)).toMatchObject({
    MessagesSent: RECORDS,
    // No attempt failed: what was written on the dead connection goes out once more on the new one.
    Attempts: RECORDS,
    ConnectionsOpened: 1,
    connectionsOpened: JSON.stringify({ [reason]: 1 }),
    ColdStart: 0,
  });
  expect(proxy.totalConnections - connectionsBefore).toBe(1);
  expect(thawed.leftBehind).toEqual([]);
  const next = await host.invoke(newEvent(RECORDS));
  expect(reportedBy(next)).toEqual([]);
  expect(metricsOf(next)).toMatchObject({ MessagesSent: RECORDS, ConnectionsOpened: 0 });
  await host.stop();
  expect(await readBack(admin, topic, RECORDS * 3)).toHaveLength(RECORDS * 3);
}

describe('a freeze longer than the idle limit of RocketMQ 5.5.0', () => {
  test(
    'costs the next invocation one connect and no record, whether the end of the connection is seen or not',
    async (context) => {
      await needsRealRocketMQ(context);
      // The broker's limit alone: a name server with so low a one would forget the broker itself between its registrations.
      const brokerConfig = { brokerIP1: '127.0.0.2', serverChannelMaxIdleTimeSeconds: IDLE_LIMIT_SECONDS };
      await using cluster = await startRealCluster({ version: '5.5.0', brokerConfig });
      const { nameServerAddrs } = cluster;
      const { addr: target = '' } = cluster.brokers[0] ?? {};
      const listen = { host: '127.0.0.2', port: Number(target.split(':')[1]) };
      await using proxy = await startTcpProxy({ target, listen });
      for (const way of waysToEnd) {
        await using admin = new AdminClient({ nameServerAddrs });
        const topic = await freshTopic({ admin });
        await admin.close();
        await using host = startFunction(built, { topic, nameServers: nameServerAddrs });
        // A connection opened later is closed later: by then the one that the function left is gone.
        const idleIsClosed = async () => (await AdminConnection.open(target)).closed();
        await surviveFreeze({ host, admin, topic, proxy, idleIsClosed }, way);
      }
    },
    CLUSTER_START_LIMIT_MS,
  );
});

describe('a freeze longer than the idle limit of the embedded servers', () => {
  test.each(waysToEnd)('costs the next invocation one connect and no record when $how', async (way) => {
    const topic = 'frozen';
    await using cluster = await startEmbeddedCluster({ topics: [{ name: topic, queues: 4 }], idleCloseMs: 300 });
    const [broker, nameServer] = [cluster.broker(), cluster.nameServer()];
    await using proxy = await startTcpProxy({ target: broker.addr });
    broker.advertisedAddr = proxy.addr;
    await using admin = new AdminClient(cluster);
    await using host = startFunction(built, { topic, nameServers: cluster.nameServerAddrs });
    const idleIsClosed = async () => {
      await expect.poll(() => broker.connections.live + nameServer.connections.live, { timeout: 10_000 }).toBe(0);
    };
    await surviveFreeze({ host, admin, topic, proxy, idleIsClosed }, way);
  });
});
