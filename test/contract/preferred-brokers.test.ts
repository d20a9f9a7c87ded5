import { afterEach, expect, test, vi } from 'vitest';
import { type ClientOptions, createClient } from '#rocketmq';
import { decodeTopicRouteData } from '../../functions/rocketmq/protocol/topic-route-data.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';

const GET_ROUTE = 105;
const ZONE = 'use1-az1';
const SENDS = 40;

afterEach(() => {
  vi.unstubAllEnvs();
});

/** 4.9 knows no zones. */
const toldZones = { '5.5.0': [ZONE, ZONE], '4.9.5': [undefined, undefined] } as const;

test.for(['5.5.0', '4.9.5'] as const)(
  'on two masters of %s a client keeps to one broker, or to its zone, and goes on with the other when that is killed',
  { timeout: CLUSTER_START_LIMIT_MS },
  async (version, context) => {
    await needsRealRocketMQ(context);
    // What brokers of 5.x are told their zone by.
    vi.stubEnv('ROCKETMQ_ZONE', ZONE);
    await using cluster = await startRealCluster({ version, masters: 2 });
    const { nameServerAddrs } = cluster;
    await using admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin }, 4);
    await using ending = new AsyncDisposableStack();
    const zones: (string | undefined)[][] = [];
    const lookAtRoutes: NonNullable<ClientOptions['rpcHooks']>[number] = {
      afterResponse: (_addr, { code }, { body }) => {
        if (code === GET_ROUTE) zones.push(decodeTopicRouteData(body).brokerDatas.map(({ zoneName }) => zoneName));
      },
    };
    const senderWith = (options: ClientOptions) => {
      const client = createClient({ nameServerAddrs, rpcHooks: [lookAtRoutes], ...options });
      ending.defer(() => client.shutdown());
      const producer = client.producer({ group: 'preferring' });
      return async () => {
        const used = new Set<string>();
        for (let sent = 0; sent < SENDS; sent++) {
          used.add((await producer.send({ topic, body: 'order' })).queue.brokerName);
        }
        return [...used];
      };
    };
    // What a broker is said to be in counts more than what it tells, and 4.9 brokers tell nothing.
    const inZone = senderWith({ zone: ZONE, brokerZones: { 'broker-a': ZONE, 'broker-b': 'use1-az2' } });
    const withOne = senderWith({ brokersPerSandbox: 1 });

    expect(await inZone()).toEqual(['broker-a']);
    const [own = 'none', ...others] = await withOne();
    expect(others).toEqual([]);
    expect(zones.every((told) => String(told) === String(toldZones[version]))).toBe(true);

    await cluster.kill('broker-a');
    expect(await inZone()).toEqual(['broker-b']);
    expect(await withOne()).toEqual(['broker-b']);
    await admin.close();
    await cluster.start('broker-a');
    const stored = await readBack(admin, topic, 4 * SENDS);
    expect(stored.length).toBeGreaterThanOrEqual(4 * SENDS);
    expect(['broker-a', 'broker-b']).toContain(own);
  },
);
