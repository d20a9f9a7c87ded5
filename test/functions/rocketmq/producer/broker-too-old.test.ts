import { describe, expect, test } from 'vitest';
import { deadlineAfter, SendFailedError } from '#rocketmq';
import { MQVersion } from '../../../../functions/rocketmq/protocol/mq-version.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../../functions/rocketmq/protocol/response-code.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;

describe('a message that needs a newer broker than one of the topic', () => {
  const later = { topic: TOPIC, body: 'x', delayMs: 60_000 };
  const V4_9_5 = 403;

  test('goes to another broker, which is new enough', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const [old, fresh] = [cluster.broker('broker-a'), cluster.broker('broker-b')];
    old.version = V4_9_5;
    // One after the other, so that both brokers have their turn.
    for (let count = 0; count < 4; count++) {
      expect(await producer.send(later)).toMatchObject({ status: 'SEND_OK', isPossibleDuplicate: false });
    }
    expect([old.requests.count(SEND), fresh.requests.count(SEND)]).toEqual([0, 4]);
  });

  test('fails when all of them are too old, each of which is told once', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    for (const broker of cluster.brokers) broker.version = V4_9_5;
    const error = await rejectionOf(producer.send(later));
    expect(error).toMatchObject({ outcome: 'notSent', retryable: false, cause: { code: 'ROCKETMQ_BROKER_TOO_OLD' } });
    const attempts = error instanceof SendFailedError ? error.attempts : [];
    expect(attempts.map(({ brokerName }) => brokerName).toSorted()).toEqual(['broker-a', 'broker-b']);
  });

  test('goes to the one that is new enough, however few attempts are allowed and many brokers are too old', async () => {
    const brokers = ['broker-a', 'broker-b', 'broker-c', 'broker-d'].map((name) => ({ name }));
    await using started = await startProducer({
      cluster: { brokers, topics: [{ name: TOPIC, queues: 4 }] },
      producer: { maxAttempts: 1 },
    });
    const { cluster, producer } = started;
    for (const broker of cluster.brokers.slice(1)) broker.version = V4_9_5;
    for (let count = 0; count < 4; count++) {
      expect(await producer.send(later)).toMatchObject({ status: 'SEND_OK', isPossibleDuplicate: false });
    }
    expect(cluster.brokers.map(({ requests }) => requests.count(SEND))).toEqual([4, 0, 0, 0]);
  });

  test('may be sent again when the broker that is new enough did not take it now', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const [old, fresh] = [cluster.broker('broker-a'), cluster.broker('broker-b')];
    old.version = V4_9_5;
    fresh.faults.add({ kind: 'answer', code: ResponseCode.SYSTEM_BUSY, codes: [SEND] });
    // Whichever broker has its turn first.
    for (let count = 0; count < 2; count++) {
      const error = await rejectionOf(producer.send(later));
      expect(error).toMatchObject({ retryable: true, cause: { code: 'ROCKETMQ_BROKER' } });
      const attempts = error instanceof SendFailedError ? error.attempts : [];
      const tried = attempts.map(({ brokerName }) => brokerName).toSorted();
      expect(tried.filter((name) => name === fresh.name)).toHaveLength(3);
      expect(tried.length).toBeLessThanOrEqual(4);
    }
  });

  test('may be sent again when the other broker of the topic has gone meanwhile', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const [old, gone] = [cluster.broker('broker-a'), cluster.broker('broker-b')];
    old.version = V4_9_5;
    await producer.send({ topic: TOPIC, body: 'x' });
    await gone.stop();
    expect(await rejectionOf(producer.send(later))).toMatchObject({ retryable: true });
  });

  test('waits for the new address of the one broker that is new enough', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const old = cluster.broker('broker-a');
    old.version = V4_9_5;
    const [nameServer, route] = [cluster.nameServer(), cluster.nameServer().routeOf(TOPIC)];
    if (route === undefined) throw new Error('a route expected');
    const brokerDatas = route.brokerDatas.map((data) =>
      data.brokerName === old.name ? data : { ...data, brokerAddrs: { 0: '127.0.0.1:1' } },
    );
    nameServer.setRoute(TOPIC, { ...route, brokerDatas });
    await producer.send({ topic: TOPIC, body: 'x' }, { queue: { topic: TOPIC, brokerName: old.name, queueId: 0 } });
    nameServer.setRoute(TOPIC, route);
    nameServer.faults.add({ kind: 'delay', until: 20 });
    expect(await producer.send(later)).toMatchObject({ status: 'SEND_OK', queue: { brokerName: 'broker-b' } });
  });

  test('fails because of that, and not because of what failed before on the same broker', async () => {
    await using started = await startProducer();
    const broker = started.cluster.broker();
    broker.version = V4_9_5;
    broker.faults.add({ kind: 'close', how: 'RST', isStored: false, times: 1 });
    expect(await rejectionOf(started.producer.send(later))).toMatchObject({
      retryable: false,
      cause: { code: 'ROCKETMQ_BROKER_TOO_OLD' },
      attempts: [{ error: { retryable: true } }, { error: { retryable: false } }],
    });
  });

  test('fails at once when its queue is on an old broker', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    for (const broker of cluster.brokers) broker.version = V4_9_5;
    const error = await rejectionOf(producer.send({ ...later, shardingKey: 'anna' }));
    expect(error).toMatchObject({ attempts: [{ error: { code: 'ROCKETMQ_BROKER_TOO_OLD' } }] });
  });

  test('is sent when its broker has been upgraded at the same address', async () => {
    await using started = await startProducer();
    const { cluster, client, producer } = started;
    const broker = cluster.broker();
    broker.version = V4_9_5;
    expect(await rejectionOf(producer.send(later))).toMatchObject({ cause: { code: 'ROCKETMQ_BROKER_TOO_OLD' } });
    broker.version = MQVersion.V5_5_0;
    await broker.restart();
    const upkeep = await client.beginInvocation(deadlineAfter(5000));
    expect(await producer.send(later)).toMatchObject({ status: 'SEND_OK' });
    await upkeep.end();
  });
});
