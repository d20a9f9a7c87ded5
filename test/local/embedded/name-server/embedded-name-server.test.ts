import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeTopicRouteData, parseDialectJson } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';

const topics = [{ name: 'T', queues: 4 }];

test('routes are what the running brokers hold', async () => {
  const brokers = [
    { name: 'a', zone: 'z1' },
    { name: 'b' },
    { name: 'a', zone: 'z1', slave: true },
    { name: 'c', slave: true },
  ];
  await using cluster = await startEmbeddedCluster({ brokers, topics });
  await using connection = await AdminConnection.open(cluster.nameServer().addr);
  const route = async () => {
    const answer = await connection.request({ code: RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields: { topic: 'T' } });
    return answer.code === 0 ? decodeTopicRouteData(answer.body) : answer.code;
  };
  const [a, b, slaveOfA, slaveOfC] = cluster.brokers.map(({ addr }) => addr);
  expect(await route()).toMatchObject({
    queueDatas: ['a', 'b', 'c'].map((brokerName) => ({ brokerName, readQueueNums: 4, writeQueueNums: 4, perm: 6 })),
    brokerDatas: [
      { brokerName: 'a', brokerAddrs: { 0: a, 1: slaveOfA }, cluster: 'DefaultCluster', zoneName: 'z1' },
      { brokerName: 'b', brokerAddrs: { 0: b } },
      { brokerName: 'c', brokerAddrs: { 1: slaveOfC } },
    ],
  });
  await cluster.broker('a').stop();
  cluster.broker('b').setPerm('T', 4);
  cluster.broker('b').advertisedAddr = 'broker.example:10911';
  expect(await route()).toMatchObject({
    queueDatas: [{ brokerName: 'a' }, { brokerName: 'b', perm: 4 }, { brokerName: 'c' }],
    brokerDatas: [{ brokerAddrs: { 1: slaveOfA } }, { brokerAddrs: { 0: 'broker.example:10911' } }, {}],
  });
  for (const broker of cluster.brokers) await broker.stop();
  expect(await route()).toBe(17);
});

test('static mappings of brokers that stopped are told of until the name server stops, which then knows only running ones', async () => {
  const places = ['a', 'b'].map((broker) => ({ broker, queueId: 0 }));
  const plan = { name: 'T', queues: 1, staticQueues: places };
  await using cluster = await startEmbeddedCluster({
    brokers: [{ name: 'a' }, { name: 'b' }],
    nameServers: 2,
    topics: [plan],
  });
  const mappingsAt = (index: number) => cluster.nameServer(index).routeOf('T')?.topicQueueMappingByBroker ?? {};
  const epochs = (index: number) =>
    Object.values(mappingsAt(index))
      .map(({ bname, epoch }) => `${bname} ${epoch}`)
      .toSorted();
  await cluster.broker('b').stop();
  expect(epochs(0)).toEqual(['a 1', 'b 1']);
  expect(cluster.nameServer(0).routeOf('T')?.brokerDatas).toMatchObject([{ brokerName: 'a' }]);
  await cluster.nameServer(0).restart();
  expect(epochs(0)).toEqual(['a 1']);
  expect(epochs(1)).toEqual(['a 1', 'b 1']);
  // A broker that is down tells of no change.
  cluster.moveStaticQueues('T', places.toReversed());
  expect(epochs(1)).toEqual(['a 2', 'b 1']);
  await cluster.broker('b').start();
  expect(epochs(0)).toEqual(['a 2', 'b 2']);
  expect(epochs(1)).toEqual(['a 2', 'b 2']);
});

test('a name server that is down learns nothing of a broker that stops meanwhile', async () => {
  const staticQueues = ['a', 'b'].map((broker) => ({ broker, queueId: 0 }));
  const brokers = [{ name: 'a' }, { name: 'b' }];
  await using cluster = await startEmbeddedCluster({ brokers, topics: [{ name: 'T', queues: 1, staticQueues }] });
  await cluster.nameServer().stop();
  await cluster.broker('b').stop();
  await cluster.nameServer().start();
  expect(Object.keys(cluster.nameServer().routeOf('T')?.topicQueueMappingByBroker ?? {})).toEqual(['a']);
});

test('a route can be laid down, and taken back', async () => {
  await using cluster = await startEmbeddedCluster({ topics });
  const nameServer = cluster.nameServer();
  const route = { orderTopicConf: 'x:1', queueDatas: [], brokerDatas: [], topicQueueMappingByBroker: undefined };
  nameServer.setRoute('T', route);
  expect(nameServer.routeOf('T')).toEqual(route);
  nameServer.setRoute('T', undefined);
  expect(nameServer.routeOf('T')?.queueDatas).toHaveLength(1);
});

test.each([
  [513, 401, 'standard'],
  [513, 400, 'bare keys'],
  [399, 513, 'bare keys'],
])('a name server of version %i answers a client of version %i in %s', async (version, clientVersion, dialect) => {
  await using cluster = await startEmbeddedCluster({ version, topics });
  await using connection = await AdminConnection.open(cluster.nameServer().addr);
  const request = { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields: { topic: 'T' }, version: clientVersion };
  const text = Buffer.from((await connection.request(request)).body).toString();
  expect(text.includes('{0:"') ? 'bare keys' : 'standard').toBe(dialect);
});

test('cluster information has bare keys for everyone', async () => {
  await using cluster = await startEmbeddedCluster({ brokers: [{ name: 'a' }, { name: 'b' }] });
  await using connection = await AdminConnection.open(cluster.nameServer().addr);
  const text = Buffer.from((await connection.request({ code: RequestCode.GET_BROKER_CLUSTER_INFO })).body).toString();
  expect(text).toContain('{0:"');
  expect(parseDialectJson(text)).toMatchObject({
    brokerAddrTable: { a: { brokerAddrs: { 0: cluster.broker('a').addr } } },
    clusterAddrTable: { DefaultCluster: ['a', 'b'] },
  });
});

test('pairs are kept by namespace, and order configuration comes with the route', async () => {
  await using cluster = await startEmbeddedCluster({ topics });
  await using connection = await AdminConnection.open(cluster.nameServer().addr);
  const place = { namespace: 'ORDER_TOPIC_CONFIG', key: 'T' };
  const ask = (code: number, extFields: Record<string, string>) => connection.request({ code, extFields });
  expect((await ask(RequestCode.GET_KV_CONFIG, place)).code).toBe(22);
  expect((await ask(RequestCode.PUT_KV_CONFIG, { ...place, value: 'broker-a:2' })).code).toBe(0);
  expect((await ask(RequestCode.GET_KV_CONFIG, place)).extFields.value).toBe('broker-a:2');
  const list = await ask(RequestCode.GET_KVLIST_BY_NAMESPACE, { namespace: place.namespace });
  expect(JSON.parse(Buffer.from(list.body).toString())).toEqual({ table: { T: 'broker-a:2' } });
  expect(cluster.nameServer().routeOf('T')?.orderTopicConf).toBe('broker-a:2');
  expect((await ask(RequestCode.DELETE_KV_CONFIG, place)).code).toBe(0);
  expect((await ask(RequestCode.GET_KV_CONFIG, place)).code).toBe(22);
  expect((await ask(RequestCode.GET_KVLIST_BY_NAMESPACE, { namespace: 'none' })).code).toBe(22);
});

test('a code that a name server does not know is answered 3 by 5.x, and by 4.9 not at all', async () => {
  await using cluster = await startEmbeddedCluster({ version: 403, topics });
  await using connection = await AdminConnection.open(cluster.nameServer().addr);
  const codes: number[] = [];
  const unknown = connection.request({ code: 9999 }).then(
    ({ code }) => codes.push(code),
    () => codes.push(-1),
  );
  await connection.request({ code: RequestCode.GET_BROKER_CLUSTER_INFO });
  expect(codes).toEqual([]);
  cluster.nameServer().version = 513;
  expect((await connection.request({ code: 9999 })).code).toBe(3);
  await connection.close();
  await unknown;
  expect(codes).toEqual([-1]);
});
