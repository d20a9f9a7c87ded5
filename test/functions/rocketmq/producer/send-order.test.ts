import { describe, expect, test } from 'vitest';
import type { SendHookContext } from '#rocketmq';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const keyed = (shardingKey: string, body = 'x') => ({ topic: TOPIC, body, shardingKey });

describe('messages with a sharding key', () => {
  test("go to the queue of Java's hash, on whichever broker that is", async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    for (const [key, brokerName, queueId] of [
      ['hello', 'broker-a', 2],
      ['order-1', 'broker-b', 2],
      ['消息', 'broker-b', 3],
    ] as const) {
      const { queue } = await started.producer.send(keyed(key));
      expect(queue).toEqual({ topic: TOPIC, brokerName, queueId });
    }
  });

  test('are stored in the order of the calls, with one of a key under way at a time', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const broker = cluster.broker();
    await producer.send(keyed('other'));
    const release = Promise.withResolvers<void>();
    const isFirst = ({ extFields }: { extFields: { i?: string } }) =>
      extFields.i?.includes('\u0001anna\u0002') === true;
    broker.faults.add({ kind: 'delay', until: release.promise, isHeld: true, codes: [SEND], times: 1, when: isFirst });
    const sends = Array.from({ length: 20 }, (_, index) => producer.send(keyed('anna', `${index}`)));
    // Goes past the held one, and shows that only that one was written.
    await producer.send(keyed('other'));
    expect(broker.requests.count(SEND)).toBe(3);
    release.resolve();
    const results = await Promise.all(sends);
    expect(results.map(({ queueOffset }) => queueOffset)).toEqual(
      results.map((_, index) => (results[0]?.queueOffset ?? 0) + index),
    );
    const stored = cluster.messages(TOPIC).filter(({ properties }) => properties.__SHARDINGKEY === 'anna');
    expect(stored.map(({ body }) => body.toString())).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
  });

  test('go on in order after one of them failed', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code: 13, codes: [SEND], times: 1 });
    const sends = ['0', '1', '2'].map((body) => producer.send(keyed('anna', body)));
    const [first] = await Promise.allSettled(sends);
    expect(first?.status).toBe('rejected');
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['1', '2']);
  });

  test('stay on their queue over every attempt, though another broker would take them', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const a = cluster.broker('broker-a');
    const fault = a.faults.add({ kind: 'answer', code: 14, codes: [SEND], times: 2 });
    expect(await producer.send(keyed('hello'))).toMatchObject({
      attempts: 3,
      queue: { brokerName: 'broker-a', queueId: 2 },
    });
    expect(fault.strikes).toBe(2);
    a.faults.add({ kind: 'answer', code: 14, codes: [SEND] });
    const error = await rejectionOf(producer.send(keyed('hello')));
    const place = { brokerName: 'broker-a', queueId: 2, addr: a.addr };
    expect(error).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', attempts: [place, place, place] });
    expect(cluster.broker('broker-b').requests.count(SEND)).toBe(0);
  });

  test('are not sent when the broker of their queue is lost in the midst of it', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const a = cluster.broker('broker-a');
    a.faults.add({ kind: 'answer', code: 14, codes: [SEND] });
    const sending = rejectionOf(producer.send(keyed('hello')));
    await a.requests.arrived(SEND, 1);
    await a.stop();
    expect(await sending).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', retryable: true });
    expect(cluster.broker('broker-b').requests.count(SEND)).toBe(0);
  });
});

test('a keyed message whose queue is gone fails, and the next one of its key goes where the key belongs now', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  await producer.send(keyed('hello'));
  cluster.broker().topics.put(topicConfig(TOPIC, 1));
  const error = await rejectionOf(producer.send(keyed('hello')));
  const attempt = { queueId: 2, error: { responseCode: 29 } };
  expect(error).toMatchObject({ retryable: true, outcome: 'refused', attempts: [attempt, attempt, attempt] });
  expect(await producer.send(keyed('hello'))).toMatchObject({ attempts: 1, queue: { queueId: 0 } });
});

describe('sendAll', () => {
  test('tells of each message in the order given, the faulty ones included', async () => {
    await using started = await startProducer();
    const bodies = Array.from({ length: 40 }, (_, index) => `${index}`);
    const messages = bodies.map((body, index) => ({ topic: index % 10 === 3 ? 'not there' : TOPIC, body }));
    const outcomes = await started.producer.sendAll(messages);
    expect(outcomes.map(({ status }) => status)).toEqual(
      bodies.map((_, index) => (index % 10 === 3 ? 'failed' : 'stored')),
    );
    const stored = started.cluster.messages(TOPIC);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'failed') {
        expect(outcome.error).toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'topic' });
        continue;
      }
      const { msgId } = outcome.result;
      expect(stored.find(({ properties }) => properties.UNIQ_KEY === msgId)?.body.toString()).toBe(`${index}`);
    }
  });

  test('of nothing is nothing, and connects to nothing', async () => {
    await using started = await startProducer();
    expect(await started.producer.sendAll([])).toEqual([]);
    expect(started.cluster.nameServer().connections.total).toBe(0);
  });

  test.each([
    ['without hooks', []],
    ['whatever a hook reads of it', [{ before: ({ message }: SendHookContext) => void message.topic.length }]],
  ])('does not reject for what is no message, %s', async (_, sendHooks) => {
    await using started = await startProducer({ producer: { sendHooks } });
    const outcomes = await started.producer.sendAll([
      undefined,
      null,
      { topic: TOPIC, body: 'x', keys: 'k' },
    ] as never[]);
    expect(outcomes.map((outcome) => outcome.status === 'failed' && outcome.error.code)).toEqual(
      Array(3).fill('ROCKETMQ_MESSAGE_ILLEGAL'),
    );
  });

  test('keeps the order of each sharding key', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const keys = ['anna', 'bert', '顧客'];
    const messages = Array.from({ length: 90 }, (_, index) => keyed(keys[index % 3] ?? '', `${index}`));
    const outcomes = await started.producer.sendAll(messages);
    expect(outcomes.every(({ status }) => status === 'stored')).toBe(true);
    const stored = started.cluster.messages(TOPIC);
    for (const [place, key] of keys.entries()) {
      const bodies = stored.filter(({ properties }) => properties.__SHARDINGKEY === key).map(({ body }) => `${body}`);
      expect(bodies).toEqual(Array.from({ length: 30 }, (_, round) => `${round * 3 + place}`));
    }
  });

  test('stores thousands in as few requests as the limit of a batch allows', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer, client } = started;
    const bodies = Array.from({ length: 3000 }, (_, index) => `${index}`);
    const outcomes = await producer.sendAll(bodies.map((body) => ({ topic: TOPIC, body })));
    expect(outcomes.filter(({ status }) => status === 'stored')).toHaveLength(3000);
    const stored = cluster.messages(TOPIC).map(({ body }) => body.toString());
    expect(stored.toSorted((a, b) => Number(a) - Number(b))).toEqual(bodies);
    const batches = cluster.brokers.map(({ requests }) => requests.count(RequestCode.SEND_BATCH_MESSAGE));
    expect(batches.reduce((sum, count) => sum + count)).toBe(30);
    expect(cluster.brokers.map(({ requests }) => requests.count(SEND))).toEqual([0, 0]);
    expect(client.pendingCount).toBe(0);
  });

  test('has at most 64 requests under way, and stores thousands one by one where it may not batch', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS, producer: { maxBatchMessages: 1 } });
    const { cluster, producer } = started;
    const release = Promise.withResolvers<void>();
    for (const broker of cluster.brokers) broker.faults.add({ kind: 'delay', until: release.promise, codes: [SEND] });
    const sending = producer.sendAll(Array.from({ length: 3000 }, (_, index) => ({ topic: TOPIC, body: `${index}` })));
    await Promise.all(cluster.brokers.map(({ requests }) => requests.arrived(SEND, 32)));
    await new Promise(setImmediate);
    expect(cluster.brokers.map(({ requests }) => requests.count(SEND))).toEqual([32, 32]);
    release.resolve();
    const outcomes = await sending;
    expect(outcomes.filter(({ status }) => status === 'stored')).toHaveLength(3000);
    expect(cluster.messages(TOPIC)).toHaveLength(3000);
    expect(started.client.pendingCount).toBe(0);
  });
});
