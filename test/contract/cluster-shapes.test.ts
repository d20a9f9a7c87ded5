import { describe, expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { startTcpProxy } from '../../local/faults/tcp-proxy.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from '../functions/rocketmq/producer/start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const message = { topic: TOPIC, body: 'x' };
const slave = { name: 'broker-a', slave: true };
const noQueue = { code: 'ROCKETMQ_NO_WRITABLE_QUEUE', outcome: 'notSent', retryable: true };

describe('a broker set', () => {
  test('of a master and a slave takes messages at the master alone', async () => {
    await using started = await startProducer({ cluster: { brokers: [slave, { name: 'broker-a' }] } });
    await Promise.all(Array.from({ length: 8 }, () => started.producer.send(message)));
    expect(started.cluster.brokers.map(({ requests }) => requests.count(SEND))).toEqual([0, 8]);
  });

  test('of a slave only is no place to send to, and the error says so', async () => {
    await using started = await startProducer({ cluster: { brokers: [slave] } });
    const error = await rejectionOf(started.producer.send(message));
    expect(error).toMatchObject(noQueue);
    expect(String(error)).toContain('broker-a has no master now');
  });

  test('whose topic is read-only is left out, and named when there is no other', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    cluster.broker('broker-a').setPerm(TOPIC, 4);
    const results = await Promise.all(Array.from({ length: 8 }, () => producer.send(message)));
    expect(new Set(results.map(({ queue }) => queue.brokerName))).toEqual(new Set(['broker-b']));
    await using other = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 2, perm: 4 }] } });
    const error = await rejectionOf(other.producer.send(message));
    expect(error).toMatchObject(noQueue);
    expect(String(error)).toContain('broker-a has permission 4, without write');
  });
});

describe('a topic', () => {
  test.each([
    ['5.5.0', 513],
    ['4.9.5', 403],
  ])('that lost queues on a broker %s is sent to in those it kept', async (_release, version) => {
    await using started = await startProducer({ cluster: { version, topics: [{ name: TOPIC, queues: 16 }] } });
    const { cluster, producer } = started;
    await producer.send(message);
    cluster.broker().topics.put(topicConfig(TOPIC, 1));
    const results = await Promise.all(Array.from({ length: 16 }, () => producer.send(message)));
    expect(new Set(results.map(({ queue }) => queue.queueId))).toEqual(new Set([0]));
  });

  test('that was given more queues is sent to in all of them once its route is 30 s old', async () => {
    let now = Date.now();
    await using started = await startProducer({
      cluster: { topics: [{ name: TOPIC, queues: 1 }] },
      client: { clock: { now: () => now } },
    });
    const { client, cluster, producer } = started;
    await producer.send(message);
    cluster.broker().topics.put(topicConfig(TOPIC, 4));
    now += 31_000;
    const upkeep = await client.beginInvocation({ remainingMs: () => 10_000 });
    await upkeep.end();
    const results = await Promise.all(Array.from({ length: 4 }, () => producer.send(message)));
    expect(new Set(results.map(({ queue }) => queue.queueId))).toEqual(new Set([0, 1, 2, 3]));
  });

  test('that moved to another broker is sent to there', async () => {
    const brokers = TWO_BROKERS.brokers ?? [];
    await using started = await startProducer({ cluster: { brokers, topics: [] } });
    const { cluster, producer } = started;
    cluster.broker('broker-a').topics.put(topicConfig(TOPIC, 4));
    expect((await producer.send(message)).queue.brokerName).toBe('broker-a');
    // Deleted there, as a broker says it, and gone from the route.
    cluster.broker('broker-a').faults.add({ kind: 'answer', code: 17, codes: [SEND] });
    cluster.broker('broker-a').topics.put(topicConfig(TOPIC, 0));
    cluster.broker('broker-b').topics.put(topicConfig(TOPIC, 4));
    expect(await producer.send(message)).toMatchObject({ queue: { brokerName: 'broker-b' } });
  });

  test('that is static keeps its queue numbers while its queues move', async () => {
    const places = [0, 1].map((queueId) => ({ broker: 'broker-a', queueId }));
    const topics = [{ name: TOPIC, queues: 2, staticQueues: places }];
    await using started = await startProducer({ cluster: { ...TWO_BROKERS, topics } });
    const { cluster, producer } = started;
    const first = await producer.send({ ...message, shardingKey: 'k' });
    expect(cluster.broker('broker-a').messages(TOPIC)).toHaveLength(1);
    cluster.moveStaticQueues(
      TOPIC,
      [0, 1].map((queueId) => ({ broker: 'broker-b', queueId })),
    );
    const second = await producer.send({ ...message, shardingKey: 'k' });
    expect(second.queue).toEqual(first.queue);
    expect(cluster.broker('broker-b').messages(TOPIC)).toHaveLength(1);
  });

  test('that is static keeps its keys where they are while a broker is down, also when the name server restarts meanwhile', async () => {
    let now = Date.now();
    const staticQueues = ['broker-a', 'broker-b'].flatMap((broker) => [0, 1].map((queueId) => ({ broker, queueId })));
    const topics = [{ name: TOPIC, queues: 2, staticQueues }];
    await using started = await startProducer({
      cluster: { ...TWO_BROKERS, topics },
      client: { clock: { now: () => now } },
    });
    const { client, cluster, producer } = started;
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    const placesOf = async (of: typeof producer) => {
      now += 31_000;
      await (await client.beginInvocation({ remainingMs: () => 10_000 })).end();
      const sends = keys.map((shardingKey) => of.send({ ...message, shardingKey }));
      const settled = await Promise.allSettled(sends);
      return settled.map((one) => (one.status === 'fulfilled' ? one.value.queue.queueId : one.reason.code));
    };
    const before = await placesOf(producer);
    expect(new Set(before)).toEqual(new Set([0, 1, 2, 3]));
    const withoutB = before.map((queueId) => (queueId < 2 ? queueId : noQueue.code));

    await cluster.broker('broker-b').stop();
    expect(await placesOf(producer)).toEqual(withoutB);
    const ofBrokerB = { ...message, shardingKey: keys[before.indexOf(3)] ?? '' };
    const gone = await rejectionOf(producer.send(ofBrokerB));
    expect(String(gone)).toContain('the master of broker-b, which has queue 3, is gone');

    await cluster.nameServer().restart();
    expect(await placesOf(producer)).toEqual(withoutB);
    await using other = await startProducer({ client: { nameServerAddrs: cluster.nameServerAddrs } });
    expect(await placesOf(other.producer)).toEqual(withoutB);
    const error = await rejectionOf(producer.send(ofBrokerB));
    expect(error).toMatchObject(noQueue);
    expect(String(error)).toContain('no broker has its logical queue 3 now');
    const unkeyed = await Promise.all(Array.from({ length: 8 }, () => producer.send(message)));
    expect(new Set(unkeyed.map(({ queue }) => queue.queueId))).toEqual(new Set([0, 1]));
    const ofBrokerA = { ...message, shardingKey: keys[before.indexOf(0)] ?? '' };
    const outcomes = await producer.sendAll([message, ofBrokerB, message, ofBrokerA, ofBrokerB]);
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'failed', 'stored', 'stored', 'failed']);

    await cluster.broker('broker-b').start();
    expect(await placesOf(producer)).toEqual(before);
  });

  test('with an order configuration is sent to as that says, and its keys keep their queue while a broker is away', async () => {
    const topics = [{ name: TOPIC, queues: 4, orderTopicConf: 'broker-b:2;broker-a:2' }];
    await using started = await startProducer({ cluster: { ...TWO_BROKERS, topics } });
    const { cluster, producer } = started;
    const queues = new Set<string>();
    for (let index = 0; index < 40; index++) {
      const { queue } = await producer.send({ ...message, shardingKey: `key-${index}` });
      queues.add(`${queue.brokerName} ${queue.queueId}`);
    }
    expect([...queues].toSorted()).toEqual(['broker-a 0', 'broker-a 1', 'broker-b 0', 'broker-b 1']);
    await cluster.broker('broker-b').stop();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => producer.send({ ...message, shardingKey: `key-${index}` })),
    );
    const kept = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value.queue.brokerName] : [],
    );
    expect(new Set(kept)).toEqual(new Set(['broker-a']));
    expect(kept.length).toBeLessThan(40);
  });
});

describe('a key whose broker is gone', () => {
  test.each(['fail', 'rehash'] as const)('is treated as onQueueLost says: %s', async (onQueueLost) => {
    await using started = await startProducer({ cluster: TWO_BROKERS, producer: { onQueueLost } });
    const { cluster, producer } = started;
    const onB = { ...message, shardingKey: 'order-1' };
    const onA = { ...message, shardingKey: 'hello' };
    expect((await producer.send(onB)).queue.brokerName).toBe('broker-b');
    expect((await producer.send(onA)).queue.brokerName).toBe('broker-a');
    await cluster.broker('broker-b').stop();
    expect(await rejectionOf(producer.send(onB))).toMatchObject({ retryable: true });
    const again = producer.send(onB);
    if (onQueueLost === 'rehash') expect((await again).queue.brokerName).toBe('broker-a');
    else expect(String(await rejectionOf(again))).toContain('the master of broker-b, which has queue 2, is gone');
    expect((await producer.send(onA)).queue.brokerName).toBe('broker-a');
  });
});

describe('a broker that wants to be left alone', () => {
  test.each([
    ['GO_AWAY', 1500],
    ['SYSTEM_BUSY', 2],
    ['FLOW_CONTROL', 215],
  ])('by %s is left for another one, and rests', async (_name, code) => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const fault = cluster.broker('broker-a').faults.add({ kind: 'answer', code, codes: [SEND] });
    const results = await Promise.all(Array.from({ length: 16 }, () => producer.send(message)));
    expect(new Set(results.map(({ queue }) => queue.brokerName))).toEqual(new Set(['broker-b']));
    const { strikes } = fault;
    expect(strikes).toBeGreaterThan(0);
    await producer.send(message);
    await producer.send(message);
    expect(fault.strikes).toBe(strikes);
  });
});

describe('a broker that advertises an address', () => {
  test('which cannot be reached is named with that address in the error, and addressMap cures it', async () => {
    await using unreachable = await startProducer();
    // Port 1 is never listened on.
    unreachable.cluster.broker().advertisedAddr = '127.0.0.1:1';
    const error = await rejectionOf(unreachable.producer.send(message));
    expect(error).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', outcome: 'notSent', retryable: true });
    expect(String(error)).toContain('broker-a (127.0.0.1:1) queue');
    expect(String(error)).toContain('cannot connect to 127.0.0.1:1');
    const { cluster } = unreachable;
    const client = { nameServerAddrs: cluster.nameServerAddrs, addressMap: { '127.0.0.1:1': cluster.broker().addr } };
    await using cured = await startProducer({ client });
    expect(await cured.producer.send(message)).toMatchObject({ attempts: 1 });
    expect(cluster.messages(TOPIC)).toHaveLength(1);
  });

  test('in IPv6, or by a host name, is reached there', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const broker = cluster.broker();
    await using gate = await startTcpProxy({ target: broker.addr, listen: { host: '::1' } });
    for (const host of ['[::1]', '::1']) {
      broker.advertisedAddr = `${host}:${gate.addr.slice(gate.addr.lastIndexOf(':') + 1)}`;
      await using other = await startProducer({ client: { nameServerAddrs: cluster.nameServerAddrs } });
      await other.producer.send(message);
    }
    broker.advertisedAddr = `localhost:${broker.port}`;
    const nameServerAddrs = [`localhost:${cluster.nameServer().port}`];
    await using named = await startProducer({ client: { nameServerAddrs } });
    await named.producer.send(message);
    expect(cluster.messages(TOPIC)).toHaveLength(3);
    expect(await producer.send(message)).toMatchObject({ attempts: 1 });
  });
});
