import { expect, test } from 'vitest';
import { deadlineAfter, type RocketMQError } from '#rocketmq';
import { ClientInstance, type ResolvedClientOptions } from '../../../../functions/rocketmq/client/client-instance.ts';
import { clientOptionRules } from '../../../../functions/rocketmq/client-options.ts';
import { systemClock } from '../../../../functions/rocketmq/clock.ts';
import { resolveOptions } from '../../../../functions/rocketmq/options.ts';
import { Producer } from '../../../../functions/rocketmq/producer/producer.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { rejectionOf, startProducer, TOPIC } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const MESSAGE = { topic: TOPIC, body: 'x' };

test('a send that waited for others until its limit is not begun any more', async () => {
  const limits = { attemptTimeoutMs: 1000, sendTimeoutMs: 5000, maxAttempts: 1 };
  await using started = await startProducer({ producer: limits });
  const { cluster, producer } = started;
  await producer.send(MESSAGE);
  cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [SEND] });
  // As many as may be under way to one broker, and one more that has less time than they.
  const sends = Array.from({ length: 256 }, () => rejectionOf(producer.send(MESSAGE)));
  sends.push(rejectionOf(producer.send(MESSAGE, { deadline: deadlineAfter(100) })));
  const errors = (await Promise.all(sends)) as RocketMQError[];
  expect(errors.map(({ outcome }) => outcome)).toEqual([...Array(256).fill('unknown'), 'notSent']);
  expect(cluster.broker().requests.count(SEND)).toBe(257);
});

test('a send that waited for others has all the time of an attempt for its answer: with what is left of it, it would be sent twice', async () => {
  await using cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
  const { nameServerAddrs } = cluster;
  const options = resolveOptions('test', { nameServerAddrs, clock: systemClock }, clientOptionRules);
  const client = new ClientInstance(options as ResolvedClientOptions);
  const producer = new Producer(client, { group: 'test-producer', attemptTimeoutMs: 1000, sendTimeoutMs: 5000 });
  await producer.send(MESSAGE);
  const window = client.windows.of(cluster.broker().addr);
  while (window.tryEnter());
  const sending = producer.send(MESSAGE);
  // It waits for most of that time, and the broker takes half of it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
  cluster.broker().faults.add({ kind: 'delay', until: 500, codes: [SEND] });
  window.leave(false);
  expect(await sending).toMatchObject({ attempts: 1, isPossibleDuplicate: false });
  expect(cluster.messages(TOPIC)).toHaveLength(2);
  await client.shutdown();
});
