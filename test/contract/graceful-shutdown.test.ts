import { setInterval } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createClient, type RpcHook } from '#rocketmq';
import { AdminClient } from '../../local/admin-client.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';

const GO_AWAY = 1500;
const EVERY_MS = 5;

test('a master of 5.5.0 that is shut down gracefully while messages are sent tells this client nothing of going away, and no send fails', {
  timeout: CLUSTER_START_LIMIT_MS,
}, async (context) => {
  await needsRealRocketMQ(context);
  // Of its servers for clients each waits so long, 30 s by default, for them to go.
  const brokerConfig = { enableShutdownGracefully: 'true', shutdownWaitTimeSeconds: '5' };
  await using cluster = await startRealCluster({ version: '5.5.0', masters: 2, brokerConfig });
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  const topic = await freshTopic({ admin }, 2);
  const codes = new Set<number>();
  const hook: RpcHook = {
    afterResponse: (_addr, _request, answer) => {
      codes.add(answer.code);
    },
  };
  await using ending = new AsyncDisposableStack();
  const client = createClient({ nameServerAddrs, rpcHooks: [hook] });
  ending.defer(() => client.shutdown());
  const producer = client.producer({ group: 'graceful' });

  const brokers: string[] = [];
  const send = async () => {
    const msgId = `m-${brokers.length}`;
    const { queue } = await producer.send({ topic, body: msgId, msgId });
    brokers.push(queue.brokerName);
  };
  for (let index = 0; index < 100; index++) await send();
  expect(new Set(brokers)).toEqual(new Set(['broker-a', 'broker-b']));
  let isGone = false;
  const going = cluster.kill('broker-a', 'SIGTERM').then(() => {
    isGone = true;
  });
  // At a rate: as fast as it can it would send hundreds of thousands in the time that a broker takes to go.
  for await (const _ of setInterval(EVERY_MS)) {
    if (isGone) break;
    await send();
  }
  await going;
  for (let index = 0; index < 100; index++) await send();

  expect(codes).not.toContain(GO_AWAY);
  expect(new Set(brokers.slice(-100))).toEqual(new Set(['broker-b']));
  await admin.close();
  await cluster.start('broker-a');
  const stored = await readBack(admin, topic, brokers.length);
  const ids = new Set(stored.map(({ properties }) => properties.UNIQ_KEY));
  expect(ids.size).toBe(brokers.length);
  await context.annotate(`${brokers.length} sent, ${stored.length - ids.size} stored twice, answers ${[...codes]}`);
});
