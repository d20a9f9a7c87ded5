import { expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const MESSAGE = { topic: TOPIC, body: 'x' };
const QUEUES = 8;

test.each([513, 403])(
  'messages whose queues are gone from all brokers wait for the route, version %d',
  async (version) => {
    await using started = await startProducer({ cluster: { ...TWO_BROKERS, version } });
    const { cluster, producer } = started;
    await producer.send(MESSAGE);
    for (const { topics } of cluster.brokers) topics.put(topicConfig(TOPIC, 1));
    const route = Promise.withResolvers<void>();
    const late = cluster.nameServer().faults.add({ kind: 'delay', until: route.promise });
    const count = () =>
      cluster.brokers.reduce((sum, { requests }) => sum + requests.count(RequestCode.SEND_MESSAGE_V2), 0);
    const sending = Promise.all(Array.from({ length: QUEUES }, () => producer.send(MESSAGE)));
    await expect.poll(() => [count(), late.strikes]).toEqual([1 + QUEUES, 1]);
    route.resolve();
    const results = await sending;
    expect(Math.max(...results.map(({ attempts }) => attempts))).toBe(2);
    expect(new Set(results.map(({ queue }) => queue.queueId))).toEqual(new Set([0]));
  },
);

test('a broker that has fewer queues now does not rest', async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  const sendAround = () => Promise.all(Array.from({ length: QUEUES }, () => producer.send(MESSAGE)));
  await producer.send(MESSAGE);
  cluster.broker('broker-a').topics.put(topicConfig(TOPIC, 1));
  await sendAround();
  const results = await sendAround();
  expect(new Set(results.map(({ queue }) => queue.brokerName))).toEqual(new Set(['broker-a', 'broker-b']));
});
