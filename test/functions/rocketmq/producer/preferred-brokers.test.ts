import { describe, expect, test } from 'vitest';
import { createClient, deadlineAfter, type Producer } from '#rocketmq';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { type StartedProducer, type StartProducerOptions, startProducer, TOPIC } from './start-producer.ts';

const MESSAGE = { topic: TOPIC, body: 'order 1' };
const GET_ROUTE = 105;
/** A busy machine must not look like brokers that fail. */
const PATIENT_CLIENT = { connectTimeoutMs: 20_000, nameServerTimeoutMs: 20_000 };
const PATIENT = { attemptTimeoutMs: 20_000, sendTimeoutMs: 60_000 };

/** Starts a cluster and a producer that wait for long before they give a broker up. */
function start(options: StartProducerOptions): Promise<StartedProducer> {
  const { client, producer } = options;
  return startProducer({
    ...options,
    client: { ...PATIENT_CLIENT, ...client },
    producer: { ...PATIENT, ...producer },
  });
}

/** So many masters, with two queues of the topic on each. */
function masters(count: number, zoneOf: (index: number) => string | undefined = () => undefined) {
  const brokers = Array.from({ length: count }, (_, index) => {
    const zone = zoneOf(index);
    return { name: `broker-${index}`, ...(zone === undefined ? {} : { zone }) };
  });
  return { brokers, topics: [{ name: TOPIC, queues: 2 }] };
}

/** Names of the brokers that have connections. */
function connected(cluster: EmbeddedCluster): string[] {
  return cluster.brokers.filter(({ connections }) => connections.live > 0).map(({ name }) => name);
}

/** Sends so many messages, and names the brokers that took them. */
async function send(producer: Producer, count = 24): Promise<Set<string>> {
  const names = new Set<string>();
  for (let sent = 0; sent < count; sent++) names.add((await producer.send(MESSAGE)).queue.brokerName);
  return names;
}

describe('100 clients with two of 20 brokers each', () => {
  test('open two connections each, and lose no message when two brokers die', async () => {
    await using cluster = await startEmbeddedCluster(masters(20));
    const { nameServerAddrs } = cluster;
    const clients = Array.from({ length: 100 }, () =>
      createClient({ ...PATIENT_CLIENT, nameServerAddrs, brokersPerSandbox: 2 }),
    );
    const producers = clients.map((client) => client.producer({ ...PATIENT, group: 'g' }));
    const sendFromAll = () => Promise.all(producers.map((producer) => send(producer, 8)));
    await sendFromAll();
    const live = cluster.brokers.map(({ connections }) => connections.live);
    expect(live.reduce((sum, count) => sum + count)).toBe(200);
    expect(live.filter((count) => count > 0).length).toBeGreaterThan(15);
    // The name server goes on naming them, as one that has not noticed yet.
    cluster.nameServer().setRoute(TOPIC, cluster.nameServer().routeOf(TOPIC));
    await Promise.all(['broker-3', 'broker-17'].map((name) => cluster.broker(name).stop()));
    const names = new Set((await sendFromAll()).flatMap((each) => [...each]));
    expect(names.has('broker-3') || names.has('broker-17')).toBe(false);
    expect(cluster.messages(TOPIC)).toHaveLength(1600);
    await Promise.all(clients.map((client) => client.shutdown(deadlineAfter(1000))));
  });
});

describe('a client with two of six brokers', () => {
  const two = { cluster: masters(6) };

  test('keeps them over freezes in which all its connections ended', async () => {
    await using started = await start({ ...two, client: { brokersPerSandbox: 2 } });
    const { cluster, client, producer } = started;
    const used = await send(producer);
    expect(used.size).toBe(2);
    for (let freeze = 0; freeze < 3; freeze++) {
      for (const broker of cluster.brokers) broker.closeConnections('FIN');
      const upkeep = await client.beginInvocation(deadlineAfter(5000));
      expect(await send(producer)).toEqual(used);
      await upkeep.end();
    }
  });

  test('has the same ones in each of its producers and for each of its topics', async () => {
    const topics = [...two.cluster.topics, { name: 'stock', queues: 2 }];
    const cluster = { ...two.cluster, topics };
    await using started = await start({ cluster, client: { brokersPerSandbox: 2 } });
    const used = await send(started.producer);
    const other = started.client.producer({ group: 'other' });
    for (let sent = 0; sent < 12; sent++) await other.send({ ...MESSAGE, topic: 'stock' });
    expect(new Set(connected(started.cluster))).toEqual(used);
  });

  test('puts messages with sharding keys, and those for a queue, where they belong', async () => {
    await using plain = await start(two);
    await using started = await start({ ...two, client: { brokersPerSandbox: 2 } });
    const keys = Array.from({ length: 24 }, (_, index) => `customer-${index}`);
    for (const shardingKey of keys) {
      const expected = await plain.producer.send({ ...MESSAGE, shardingKey });
      const { queue } = await started.producer.send({ ...MESSAGE, shardingKey });
      expect(queue).toEqual(expected.queue);
    }
    expect(connected(started.cluster)).toHaveLength(6);
    for (const brokerName of ['broker-0', 'broker-5']) {
      const queue = { topic: TOPIC, brokerName, queueId: 1 };
      expect((await started.producer.send(MESSAGE, { queue })).queue).toEqual(queue);
    }
  });

  test('sends batches and traces to them too', async () => {
    const topics = [...two.cluster.topics, { name: 'RMQ_SYS_TRACE_TOPIC', queues: 1 }];
    const options = {
      cluster: { ...two.cluster, topics },
      client: { brokersPerSandbox: 2 },
      producer: { trace: true },
    };
    await using started = await start(options);
    const { cluster, client, producer } = started;
    const upkeep = await client.beginInvocation(deadlineAfter(5000));
    for (let round = 0; round < 8; round++) {
      const outcomes = await producer.sendAll(Array.from({ length: 8 }, () => MESSAGE));
      expect(outcomes.every(({ status }) => status === 'stored')).toBe(true);
    }
    await upkeep.end();
    expect(cluster.messages('RMQ_SYS_TRACE_TOPIC').length).toBeGreaterThan(0);
    expect(connected(cluster)).toHaveLength(2);
  });

  test('commits transactions on them', async () => {
    await using started = await start({ ...two, client: { brokersPerSandbox: 2 } });
    for (let sent = 0; sent < 8; sent++) {
      expect(await started.producer.sendTransaction(MESSAGE, async () => 'commit')).toMatchObject({
        status: 'committed',
      });
    }
    expect(started.cluster.messages(TOPIC)).toHaveLength(8);
    expect(connected(started.cluster)).toHaveLength(2);
  });

  test('registers with every master for a request, because any of them may get the reply', async () => {
    await using started = await start({ ...two, client: { brokersPerSandbox: 2 } });
    await expect(started.producer.request(MESSAGE, 200)).rejects.toMatchObject({ code: 'ROCKETMQ_REQUEST_TIMEOUT' });
    const ids = started.cluster.brokers.map(({ producers }) =>
      producers.clients('test-producer').map(({ clientId }) => clientId),
    );
    expect(new Set(ids.flat()).size).toBe(1);
    expect(ids.every(({ length }) => length === 1)).toBe(true);
  });

  test('gives up connections to other ones when no message went there for the idle limit, heartbeats or not', async () => {
    const clock = new GivenClock();
    await using started = await start({ ...two, client: { brokersPerSandbox: 2, clock } });
    const { cluster, client, producer } = started;
    const used = await send(producer);
    for (const brokerName of cluster.brokers.map(({ name }) => name)) {
      await producer.send(MESSAGE, { queue: { topic: TOPIC, brokerName, queueId: 0 } });
    }
    expect(connected(cluster)).toHaveLength(6);
    // Two invocations a minute, for three minutes.
    for (let round = 0; round < 6; round++) {
      clock.advance(30_000);
      const upkeep = await client.beginInvocation(deadlineAfter(5000));
      await send(producer, 4);
      await upkeep.end();
    }
    await expect.poll(() => new Set(connected(cluster))).toEqual(used);
  });
});

describe('a client in a zone', () => {
  const three = { cluster: masters(6, (index) => `zone-${index % 3}`) };

  test('uses the brokers there, and others while those fail', async () => {
    await using started = await start({ ...three, client: { zone: 'zone-1' } });
    const { cluster, producer } = started;
    expect(await send(producer)).toEqual(new Set(['broker-1', 'broker-4']));
    cluster.nameServer().setRoute(TOPIC, cluster.nameServer().routeOf(TOPIC));
    await cluster.broker('broker-1').stop();
    expect(await send(producer)).toEqual(new Set(['broker-4']));
    await cluster.broker('broker-4').stop();
    expect(await send(producer)).toEqual(new Set(['broker-0', 'broker-2', 'broker-3', 'broker-5']));
  });

  test('takes zones from its options where brokers tell none', async () => {
    const client = { zone: 'here', brokerZones: { 'broker-2': 'here', 'broker-3': 'there' } };
    await using started = await start({ cluster: masters(4), client });
    expect(await send(started.producer)).toEqual(new Set(['broker-2']));
  });

  test('finds its zone out beside the first question for a route, before it chooses a broker', async () => {
    let isRouteAsked = false;
    const fetchZone = async () => {
      await expect.poll(() => isRouteAsked).toBe(true);
      return 'zone-2';
    };
    await using started = await start({ ...three, client: { fetchZone } });
    const { cluster, producer } = started;
    const sending = send(producer);
    await expect.poll(() => cluster.nameServer().requests.count(GET_ROUTE)).toBe(1);
    isRouteAsked = true;
    expect(await sending).toEqual(new Set(['broker-2', 'broker-5']));
  });

  test('that cannot be found out sends to all, and asks again with the next question for a route', async () => {
    const clock = new GivenClock();
    const answers: Promise<string>[] = [Promise.reject(new Error('no endpoint')), Promise.resolve('zone-0')];
    const fetchZone = async () => answers.shift();
    await using started = await start({ ...three, client: { fetchZone, clock } });
    const { client, producer } = started;
    expect((await send(producer)).size).toBe(6);
    clock.advance(30_000);
    const upkeep = await client.beginInvocation(deadlineAfter(5000));
    await upkeep.end();
    expect(client.pendingCount).toBe(0);
    expect(await send(producer)).toEqual(new Set(['broker-0', 'broker-3']));
  });

  test('and with one broker a sandbox, draws it inside the zone', async () => {
    const client = { zone: 'zone-2', brokersPerSandbox: 1 };
    await using started = await start({ ...three, client });
    const [used, ...others] = await send(started.producer);
    expect(others).toEqual([]);
    expect(['broker-2', 'broker-5']).toContain(used);
  });
});
