import { expect, test } from 'vitest';
import { AdminClient } from '../../local/admin-client.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { startTcpProxy } from '../../local/faults/tcp-proxy.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';
import { type FaultFigures, runFaultRounds } from './fault-rounds.ts';

/** Set `FAULT_SEED` to the one in a failure's text to have the same faults again. */
const seed = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000_000);
/** Rounds wait more than they work, so that some of them run side by side. */
const LANES = 4;
const ROUNDS_A_LANE = 50;
const ROUNDS_ON_REAL = 25;
const LIMIT_MS = 120_000;

const heldOpen = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCP'));

async function embeddedLane(laneSeed: number): Promise<FaultFigures> {
  await using cluster = await startEmbeddedCluster({ topics: [{ name: 'faults', queues: 4 }] });
  await using proxy = await startTcpProxy({ target: cluster.broker().addr });
  cluster.broker().advertisedAddr = proxy.addr;
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  const options = { seed: laneSeed, rounds: ROUNDS_A_LANE, topic: 'faults', attemptTimeoutMs: 100 };
  const figures = await runFaultRounds({ ...options, nameServerAddrs, proxy, admin });
  await expect.poll(() => cluster.broker().connections.live + cluster.nameServer().connections.live).toBe(0);
  return figures;
}

test(
  'loses no message in 200 rounds of network faults, tells each outcome and possible duplicate as it is, and leaves nothing open',
  async ({ annotate }) => {
    const openBefore = heldOpen();
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => embeddedLane(seed + lane)));
    for (const [lane, figures] of lanes.entries()) await annotate(`seed ${seed + lane}: ${JSON.stringify(figures)}`);
    for (const { stored, failed, untoldDuplicates } of lanes) {
      expect(untoldDuplicates).toBe(0);
      expect(stored).toBeGreaterThan(0);
      expect(failed.unknown).toBeGreaterThan(0);
    }
    await expect.poll(heldOpen).toEqual(openBefore);
  },
  LIMIT_MS,
);

test(
  'does so on RocketMQ 5.5.0 too',
  async (context) => {
    await needsRealRocketMQ(context);
    await using cluster = await startRealCluster({ version: '5.5.0', brokerConfig: { brokerIP1: '127.0.0.2' } });
    const { addr: target = '' } = cluster.brokers[0] ?? {};
    const listen = { host: '127.0.0.2', port: Number(target.split(':')[1]) };
    await using proxy = await startTcpProxy({ target, listen });
    const { nameServerAddrs } = cluster;
    await using admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin });
    await admin.close();
    const options = { seed, rounds: ROUNDS_ON_REAL, topic, attemptTimeoutMs: 250 };
    const figures = await runFaultRounds({ ...options, nameServerAddrs, proxy, admin });
    await context.annotate(`seed ${seed}: ${JSON.stringify(figures)}`);
    expect(figures.untoldDuplicates).toBe(0);
    expect(figures.stored).toBeGreaterThan(0);
  },
  CLUSTER_START_LIMIT_MS,
);
