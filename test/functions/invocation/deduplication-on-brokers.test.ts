import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, deadlineAfter, type Producer } from '#rocketmq';
import { type DeliveryOptions, deliver } from '../../../functions/delivery/deliver.ts';
import type { DeliveryRecord } from '../../../functions/delivery/delivery-record.ts';
import { Deduplication, type DeduplicationMode } from '../../../functions/invocation/deduplication.ts';
import { systemClock } from '../../../functions/rocketmq/clock.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import type { EmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { type StartedProducer, startProducer, TOPIC, TWO_BROKERS } from '../rocketmq/producer/start-producer.ts';

const QUERY = RequestCode.QUERY_MESSAGE;
const SEND = RequestCode.SEND_MESSAGE_V2;

/** A record whose body and message id are its id. */
function record(id: string, orderingKey?: string, isRedelivered = true): DeliveryRecord {
  const key = orderingKey === undefined ? {} : { shardingKey: orderingKey };
  return { id, orderingKey, isRedelivered, toMessage: () => ({ topic: TOPIC, body: id, msgId: id, ...key }) };
}

function options(producer: Producer, mode: DeduplicationMode = 'redelivered') {
  const warnings: unknown[] = [];
  const told = { unchecked: 0, warnings };
  const deduplication = new Deduplication(mode, producer, systemClock, (_text, facts) => warnings.push(facts));
  const deadline = deadlineAfter(60_000);
  const unchecked = () => {
    told.unchecked++;
  };
  const delivery: DeliveryOptions = {
    producer,
    deadline,
    record: () => undefined,
    findStored: (history, message) => deduplication.find(history, message, { deadline, unchecked }),
  };
  return { delivery, told };
}

function counts(cluster: EmbeddedCluster, code: number): number[] {
  return cluster.brokers.map(({ requests }) => requests.count(code));
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('whatever part of an event was stored before', () => {
  let started: StartedProducer;
  let events = 0;

  beforeAll(async () => {
    started = await startProducer({ cluster: TWO_BROKERS });
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const cases = fc.array(fc.tuple(fc.constantFrom(undefined, 'a', 'b', 'c'), fc.boolean()), { maxLength: 30 });

  test('exactly the rest is sent when it is delivered again, keys in their order', () =>
    fc.assert(
      fc.asyncProperty(cases, async (drawn) => {
        const event = `event-${events++}`;
        const { cluster, producer } = started;
        // What a delivery that stopped somewhere leaves of a key is a first part of it.
        const stopped = new Set<string>();
        const records = drawn.map(([key, wasStored], index) => {
          const orderingKey = key && `${event}-${key}`;
          if (orderingKey !== undefined && !wasStored) stopped.add(orderingKey);
          const isBefore = orderingKey === undefined ? wasStored : !stopped.has(orderingKey);
          return { ...record(`${event}-${index}`, orderingKey), isBefore };
        });
        const before = records.filter(({ isBefore }) => isBefore);
        const { delivery } = options(producer);
        await deliver(before, { ...delivery, findStored: () => undefined });
        const sent = sum(counts(cluster, SEND));
        const delivered = await deliver(records, delivery);
        expect(delivered.map(({ outcome }) => outcome.status === 'stored' && outcome.result.attempts)).toEqual(
          records.map(({ isBefore }) => (isBefore ? 0 : 1)),
        );
        expect(sum(counts(cluster, SEND)) - sent).toBe(records.length - before.length);
        const stored = cluster.messages(TOPIC).filter(({ body }) => body.toString().startsWith(`${event}-`));
        expect(stored.map(({ body }) => body.toString()).toSorted()).toEqual(records.map(({ id }) => id).toSorted());
        for (const key of new Set(records.map(({ orderingKey }) => orderingKey))) {
          if (key === undefined) continue;
          const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === key);
          const inOrder = records.filter(({ orderingKey }) => orderingKey === key).map(({ id }) => id);
          expect(ofKey.map(({ body }) => body.toString())).toEqual(inOrder);
        }
      }),
      { numRuns: 40 },
    ));
});

test('a record with an illegal topic is dropped when it is delivered again too, and holds up nothing', async () => {
  await using started = await startProducer();
  const illegal: DeliveryRecord = {
    ...record('1', 'a'),
    isDroppable: true,
    toMessage: () => ({ topic: 'bad topic!', body: '1', msgId: '1', shardingKey: 'a' }),
  };
  const delivered = await deliver([illegal, record('2', 'a')], options(started.producer).delivery);
  expect(delivered.map(({ outcome: { status } }) => status)).toEqual(['dropped', 'stored']);
});

test('a first delivery asks nobody', async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  const records = ['1', '2', '3'].map((id) => record(id, undefined, false));
  await deliver(records, options(producer).delivery);
  expect(counts(cluster, QUERY)).toEqual([0, 0]);
  expect(sum(counts(cluster, SEND))).toBe(3);
});

test('records without a key are asked for at both masters, those with one at that of their queue alone', async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  const { delivery } = options(producer);
  await deliver(
    Array.from({ length: 10 }, (_, index) => record(`${index}`)),
    delivery,
  );
  expect(counts(cluster, QUERY)).toEqual([10, 10]);
  const keyed = Array.from({ length: 20 }, (_, index) => record(`keyed-${index}`, `key-${index}`));
  await deliver(keyed, delivery);
  for (const { name, requests } of cluster.brokers) {
    const own = new Set(
      cluster
        .broker(name)
        .messages(TOPIC)
        .map(({ properties }) => properties.UNIQ_KEY),
    );
    const asked = requests.last(QUERY).map(({ extFields }) => extFields.key ?? '');
    const askedKeyed = asked.filter((id) => id.startsWith('keyed-'));
    expect(askedKeyed.length).toBeGreaterThan(0);
    expect(askedKeyed.every((id) => own.has(id))).toBe(true);
  }
  expect(sum(counts(cluster, QUERY))).toBe(40);
});

test('10,000 records delivered again are all found, and none is sent', { timeout: 120_000 }, async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  const records = Array.from({ length: 10_000 }, (_, index) => record(`${index}`));
  await producer.sendAll(records.map((each) => each.toMessage()));
  const { delivery, told } = options(producer);
  const delivered = await deliver(records, delivery);
  expect(delivered.every(({ outcome }) => outcome.status === 'stored' && outcome.result.attempts === 0)).toBe(true);
  expect(cluster.messages(TOPIC)).toHaveLength(10_000);
  expect(counts(cluster, SEND)).toEqual([0, 0]);
  expect(told).toEqual({ unchecked: 0, warnings: [] });
});

test('a broker that hangs is asked by those under way, told once, and everything is sent', async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS, producer: { attemptTimeoutMs: 1000 } });
  const { cluster, client, producer } = started;
  // The route is known before, so that the time goes into the questions.
  await producer.send({ topic: TOPIC, body: 'first' });
  cluster.broker('broker-b').faults.add({ kind: 'no-answer', isStored: false, codes: [QUERY] });
  const { delivery, told } = options(producer);
  const delivered = await deliver(
    Array.from({ length: 1000 }, (_, index) => record(`${index}`)),
    delivery,
  );
  expect(delivered.every(({ outcome }) => outcome.status === 'stored')).toBe(true);
  const [, asked = 0] = counts(cluster, QUERY);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(256);
  expect(told.unchecked).toBe(1000);
  expect(told.warnings).toMatchObject([{ code: 'ROCKETMQ_TIMEOUT' }]);
  expect(cluster.messages(TOPIC)).toHaveLength(1001);
  expect(client.pendingCount).toBe(0);
});

test('a proxy is told once, and everything is sent', async () => {
  const cluster = { proxy: true, topics: [{ name: TOPIC, queues: 2 }] };
  await using started = await startProducer({ cluster });
  const client = createClient({ nameServerAddrs: [started.cluster.proxyRemotingAddr ?? ''] });
  await using ending = new AsyncDisposableStack();
  ending.defer(() => client.shutdown());
  const { delivery, told } = options(client.producer({ group: 'through-a-proxy' }));
  for (const round of [1, 2]) {
    await deliver([record('1'), record('2'), record('3')], delivery);
    expect(started.cluster.messages(TOPIC)).toHaveLength(round * 3);
  }
  expect(told.unchecked).toBe(6);
  expect(told.warnings).toMatchObject([{ code: 'ROCKETMQ_BROKER', reason: expect.stringContaining('answered 3') }]);
});

test('with little time left a hanging broker leaves half of it for the send', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  await producer.send({ topic: TOPIC, body: 'first' });
  cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [QUERY] });
  const { delivery } = options(producer);
  const deadline = deadlineAfter(2000);
  const deduplication = new Deduplication('always', producer, systemClock, () => undefined);
  const [delivered] = await deliver([record('1')], {
    ...delivery,
    deadline,
    findStored: (history, message) => deduplication.find(history, message, { deadline, unchecked: () => undefined }),
  });
  expect(delivered?.outcome).toMatchObject({ status: 'stored', result: { attempts: 1 } });
});
