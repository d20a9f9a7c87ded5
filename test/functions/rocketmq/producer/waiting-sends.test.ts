import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { deadlineAfter, type RocketMQError, type RpcHook } from '#rocketmq';
import { ClientInstance, type ResolvedClientOptions } from '../../../../functions/rocketmq/client/client-instance.ts';
import { type ClientOptions, clientOptionRules } from '../../../../functions/rocketmq/client-options.ts';
import { systemClock } from '../../../../functions/rocketmq/clock.ts';
import { resolveOptions } from '../../../../functions/rocketmq/options.ts';
import { Producer } from '../../../../functions/rocketmq/producer/producer.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { nameServerOf, routeOver } from '../client/routes.ts';
import { startFrameServer } from '../remoting/frame-server.ts';
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

/** A producer whose client shows its windows, over one queue on each of these brokers. */
async function startWaiting(
  brokers: readonly string[],
  attemptTimeoutMs: number,
  sendTimeoutMs: number,
  rpcHooks: readonly RpcHook[] = [],
) {
  const cluster = await startEmbeddedCluster({
    brokers: brokers.map((name) => ({ name })),
    topics: [{ name: TOPIC, queues: 1 }],
  });
  const { nameServerAddrs } = cluster;
  const options = resolveOptions('test', { nameServerAddrs, clock: systemClock, rpcHooks }, clientOptionRules);
  const client = new ClientInstance(options as ResolvedClientOptions);
  const producer = new Producer(client, { group: 'test-producer', attemptTimeoutMs, sendTimeoutMs });
  await Promise.all(brokers.map(() => producer.send(MESSAGE)));
  /** Takes every place among the sends to the first broker. */
  const fill = () => {
    const window = client.windows.of(cluster.broker().addr);
    while (window.tryEnter());
    return window;
  };
  const stop = async () => {
    await client.shutdown(deadlineAfter(1000));
    await cluster.stop();
  };
  return { cluster, producer, fill, [Symbol.asyncDispose]: stop };
}

test('a send that waited for others has all the time of an attempt for its answer: with what is left of it, it would be sent twice', async () => {
  await using started = await startWaiting(['broker-a'], 1000, 5000);
  const { cluster, producer, fill } = started;
  const window = fill();
  const sending = producer.send(MESSAGE);
  // It waits for most of that time, and the broker takes half of it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
  cluster.broker().faults.add({ kind: 'delay', until: 500, codes: [SEND] });
  window.leave(false);
  expect(await sending).toMatchObject({ attempts: 1, isPossibleDuplicate: false });
  expect(cluster.messages(TOPIC)).toHaveLength(2);
});

test('a send that has nowhere else to go keeps its place in the line beyond the limit of an attempt', async () => {
  await using started = await startWaiting(['broker-a'], 400, 60_000);
  const window = started.fill();
  const sending = started.producer.send(MESSAGE);
  await rejectionOf(window.enter(800));
  window.leave(false);
  expect(await sending).toMatchObject({ attempts: 1 });
});

test('a send that another broker would take leaves the line at the limit of an attempt', async () => {
  await using started = await startWaiting(['broker-a', 'broker-b'], 400, 60_000);
  started.fill();
  const results = await Promise.all([started.producer.send(MESSAGE), started.producer.send(MESSAGE)]);
  expect(results.map(({ queue }) => queue.brokerName)).toEqual(['broker-b', 'broker-b']);
  expect(results.map(({ attempts }) => attempts).toSorted()).toEqual([1, 2]);
});

test('a broker does not rest because a send waited until there was no time to ask it', async () => {
  await using started = await startWaiting(['broker-a', 'broker-b'], 1000, 5000);
  const { producer, fill } = started;
  const window = fill();
  const deadline = deadlineAfter(100);
  const queue = { topic: TOPIC, brokerName: 'broker-a', queueId: 0 };
  const late = rejectionOf(producer.send(MESSAGE, { queue, deadline }));
  await new Promise(setImmediate);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, deadline.remainingMs());
  window.leave(false);
  expect(await late).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', outcome: 'notSent' });
  const [one, other] = [await producer.send(MESSAGE), await producer.send(MESSAGE)];
  expect([one, other].map((result) => result.queue.brokerName).toSorted()).toEqual(['broker-a', 'broker-b']);
});

test('hooks run in the asynchronous context of the send that waited, whoever made room for it or had less time', async () => {
  const sender = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const beforeRequest: RpcHook['beforeRequest'] = (_addr, { code }) => {
    if (code === SEND) seen.push(sender.getStore());
    return undefined;
  };
  await using started = await startWaiting(['broker-a', 'broker-b'], 200, 5000, [{ beforeRequest }]);
  const { producer, fill } = started;
  seen.length = 0;
  const window = fill();
  const queue = { topic: TOPIC, brokerName: 'broker-a', queueId: 0 };
  const names = ['the first', 'the second', 'the third'];
  const staying = names.map((name) => sender.run(name, () => producer.send(MESSAGE, { queue })));
  for (let count = 0; count < 3; count++) sender.run('another', () => window.leave(false));
  await Promise.all(staying);
  expect(seen).toEqual(names);
  seen.length = 0;
  fill();
  await Promise.all(names.map((name) => sender.run(name, () => producer.send(MESSAGE))));
  expect(seen.toSorted()).toEqual(names.toSorted());
});

test('a send whose deadline throws while it waits fails alone', async () => {
  await using started = await startWaiting(['broker-a'], 1000, 5000);
  const { producer, fill } = started;
  const window = fill();
  let isBroken = false;
  const remainingMs = () => {
    if (isBroken) throw new Error('the deadline is broken');
    return 5000;
  };
  const broken = rejectionOf(producer.send(MESSAGE, { deadline: { remainingMs } }));
  const others = [producer.send(MESSAGE), producer.send(MESSAGE)];
  isBroken = true;
  window.leave(false);
  expect(await broken).toMatchObject({ message: 'the deadline is broken' });
  expect(await Promise.all(others)).toMatchObject([{ status: 'SEND_OK' }, { status: 'SEND_OK' }]);
});

test('a deadline that tells no number has passed', async () => {
  await using started = await startWaiting(['broker-a'], 1000, 5000);
  const { cluster, producer } = started;
  const deadline = { remainingMs: () => Number.NaN };
  expect(await rejectionOf(producer.send(MESSAGE, { deadline }))).toMatchObject({
    code: 'ROCKETMQ_DEADLINE',
    outcome: 'notSent',
  });
  expect(cluster.broker().requests.count(SEND)).toBe(1);
});

test('a send without a deadline has all its time after its body is compressed', async () => {
  await using started = await startProducer({ producer: { attemptTimeoutMs: 999, sendTimeoutMs: 1000 } });
  await started.producer.send(MESSAGE);
  const sending = started.producer.send({ ...MESSAGE, body: 'x'.repeat(100_000) });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
  expect(await sending).toMatchObject({ status: 'SEND_OK' });
});

test('a send that is let in by a timeout does not go to the connection that was silent', async () => {
  const stored = { extFields: { msgId: 'x', queueId: '0', queueOffset: '0' } };
  await using broker = await startFrameServer(({ code }) => (code === SEND ? stored : {}));
  const route = routeOver({ 'broker-a': { 0: broker.addr } }, { writeQueueNums: 1 });
  await using nameServer = await startFrameServer(nameServerOf({ [TOPIC]: route }));
  const given = { nameServerAddrs: [nameServer.addr], clock: systemClock };
  const options = resolveOptions<ClientOptions>('test', given, clientOptionRules);
  const client = new ClientInstance(options as ResolvedClientOptions);
  const producer = new Producer(client, {
    group: 'test-producer',
    attemptTimeoutMs: 300,
    sendTimeoutMs: 3000,
    maxAttempts: 1,
  });
  await producer.send(MESSAGE);
  const [silent] = broker.peers;
  broker.script = ({ code }, peer) => {
    if (peer === silent) return undefined;
    return code === SEND ? stored : {};
  };
  const window = client.windows.of(broker.addr);
  while (window.size > 1) {
    window.tryEnter();
    window.leave(true);
  }
  const first = rejectionOf(producer.send(MESSAGE));
  const second = producer.send(MESSAGE);
  expect(await first).toMatchObject({ outcome: 'unknown' });
  expect(await second).toMatchObject({ status: 'SEND_OK', isPossibleDuplicate: false });
  await client.shutdown(deadlineAfter(1000));
});
