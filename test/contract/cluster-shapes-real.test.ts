import { describe, expect, test } from 'vitest';
import { createClient } from '#rocketmq';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { rejectionOf } from '../functions/rocketmq/producer/start-producer.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';

const PUT_KV_CONFIG = 100;

describe.each(['5.5.0', '4.9.5'] as const)('on %s', (kind) => {
  const on = useCapabilityCluster(kind);

  test('a topic that lost queues is sent to in those it kept, one that was read-only is not sent to', async () => {
    const topic = await freshTopic(on.cluster, 16);
    const producer = on.newProducer();
    await producer.send({ topic, body: 'before' });
    await on.cluster.admin.createTopic(topicConfig(topic, 1));
    const results = await Promise.all(Array.from({ length: 16 }, () => producer.send({ topic, body: 'after' })));
    expect(new Set(results.map(({ queue }) => queue.queueId))).toEqual(new Set([0]));
    await on.cluster.admin.createTopic(topicConfig(topic, 1, { perm: 4 }));
    const error = await rejectionOf(on.newProducer().send({ topic, body: 'refused' }));
    expect(error).toMatchObject({ code: 'ROCKETMQ_NO_WRITABLE_QUEUE', outcome: 'notSent' });
    expect(String(error)).toContain('broker-a has permission 4, without write');
  });

  test('a message is taken at the port for clients that want priority, two below the advertised one', async () => {
    const topic = await freshTopic(on.cluster);
    const addrs: string[] = [];
    const afterResponse = (addr: string) => {
      addrs.push(addr);
    };
    await on.newProducer({}, { vipChannel: true, rpcHooks: [{ afterResponse }] }).send({ topic, body: 'x' });
    const port = Number(on.cluster.brokerAddrs[0]?.split(':')[1]);
    expect(addrs).toContain(`127.0.0.1:${port - 2}`);
    expect(addrs).not.toContain(`127.0.0.1:${port}`);
  });
});

test('the order configuration that a name server of 5.5.0 tells decides the queues, and keys keep theirs while a master is away', {
  timeout: CLUSTER_START_LIMIT_MS,
}, async (context) => {
  await needsRealRocketMQ(context);
  const nameServerConfig = { orderMessageEnable: 'true' };
  await using cluster = await startRealCluster({ version: '5.5.0', masters: 2, nameServerConfig });
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  const topic = await freshTopic({ admin }, 4);
  await using nameServer = await AdminConnection.open(nameServerAddrs[0] ?? '');
  const conf = 'broker-b:2;broker-a:2';
  const extFields = { namespace: 'ORDER_TOPIC_CONFIG', key: topic, value: conf };
  expect((await nameServer.request({ code: PUT_KV_CONFIG, extFields })).code).toBe(0);
  expect((await admin.route(topic))?.orderTopicConf).toBe(conf);
  await using ending = new AsyncDisposableStack();
  const client = createClient({ nameServerAddrs });
  ending.defer(() => client.shutdown());
  const producer = client.producer({ group: 'ordered' });
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  const places = async () => {
    const sends = keys.map((shardingKey) => producer.send({ topic, body: 'x', shardingKey }));
    const settled = await Promise.allSettled(sends);
    return settled.map((one) =>
      one.status === 'fulfilled' ? `${one.value.queue.brokerName} ${one.value.queue.queueId}` : 'failed',
    );
  };
  const before = await places();
  expect(new Set(before)).toEqual(new Set(['broker-a 0', 'broker-a 1', 'broker-b 0', 'broker-b 1']));
  await cluster.kill('broker-a');
  expect(await places()).toEqual(before.map((place) => (place.startsWith('broker-a') ? 'failed' : place)));
  await cluster.start('broker-a');
  expect(await places()).toEqual(before);
});
