import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createClient } from '#rocketmq';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import { runJava } from '../../local/real/run-java.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { rejectionOf } from '../functions/rocketmq/producer/start-producer.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic, uniqueName } from './clusters.ts';

const PUT_KV_CONFIG = 100;
const tools = fileURLToPath(new URL('MqAdmin.java', import.meta.url));

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

test('keys of a static topic of 5.5.0 stay where they are while a master is away, also when the name server restarts meanwhile', {
  timeout: CLUSTER_START_LIMIT_MS,
}, async (context) => {
  await needsRealRocketMQ(context);
  await using cluster = await startRealCluster({ version: '5.5.0', masters: 2 });
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  const topic = uniqueName('static');
  const [nameServerAddr = ''] = nameServerAddrs;
  const places = ['-t', topic, '-qn', '8', '-b', 'broker-a,broker-b'];
  const made = await runJava('5.5.0', tools, ['updateStaticTopic', '-n', nameServerAddr, ...places]);
  const mappings = async () => Object.keys((await admin.route(topic))?.topicQueueMappingByBroker ?? {}).toSorted();
  await expect.poll(mappings, { timeout: 30_000, message: made.stdout }).toEqual(['broker-a', 'broker-b']);
  await using ending = new AsyncDisposableStack();
  const client = createClient({ nameServerAddrs });
  ending.defer(() => client.shutdown());
  const producer = client.producer({ group: 'static' });
  const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
  const queueIds = async () => {
    const settled = await Promise.allSettled(
      keys.map((shardingKey) => producer.send({ topic, body: 'x', shardingKey })),
    );
    return settled.map((one) => (one.status === 'fulfilled' ? one.value.queue.queueId : -1));
  };
  const before = await queueIds();
  expect(new Set(before)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  const { currIdMap = {} } = (await admin.route(topic))?.topicQueueMappingByBroker?.['broker-b'] ?? {};
  const withoutB = before.map((queueId) => (String(queueId) in currIdMap ? -1 : queueId));
  const ofBrokerB = { topic, body: 'x', shardingKey: keys[withoutB.indexOf(-1)] ?? '' };
  const failure = async () => String(await rejectionOf(producer.send(ofBrokerB)));

  await cluster.kill('broker-b');
  // The name server may tell of the broker for a moment, and then of its mapping still.
  await expect.poll(failure, { timeout: 30_000 }).toContain('the master of broker-b, which has queue');
  expect(await mappings()).toEqual(['broker-a', 'broker-b']);
  expect(await queueIds()).toEqual(withoutB);
  await cluster.killNameServer(0);
  await cluster.startNameServer(0);
  expect(await mappings()).toEqual(['broker-a']);
  await expect.poll(failure, { timeout: 30_000 }).toContain('no broker has its logical queue');
  expect(await queueIds()).toEqual(withoutB);
  const unkeyed = await Promise.all(Array.from({ length: 8 }, () => producer.send({ topic, body: 'x' })));
  expect(unkeyed.filter(({ queue }) => queue.queueId in currIdMap)).toEqual([]);
  await cluster.start('broker-b');
  await expect.poll(queueIds, { timeout: 30_000 }).toEqual(before);
});
