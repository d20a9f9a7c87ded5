import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { deadlineAfter, type SendOutcome } from '#rocketmq';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import type { EmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const { SEND_MESSAGE_V2: SEND, SEND_BATCH_MESSAGE: BATCH, GET_ROUTEINFO_BY_TOPIC: ROUTE } = RequestCode;
const ONE_QUEUE = { topics: [{ name: TOPIC, queues: 1 }] };
const keyed = (shardingKey: string, body: string) => ({ topic: TOPIC, body, shardingKey });
const plain = (body: string) => ({ topic: TOPIC, body });
/** Each outcome as one word: what became of it, or why not. */
const words = (outcomes: readonly SendOutcome[]) =>
  outcomes.map((outcome) =>
    outcome.status === 'stored' ? 'stored' : `${outcome.error.code} ${outcome.error.outcome}`,
  );

describe('a batch that is refused for good', () => {
  test('is sent message by message, and only those at fault fail', async () => {
    await using started = await startProducer({ cluster: ONE_QUEUE });
    const { cluster, producer } = started;
    const { faults, requests } = cluster.broker();
    faults.add({ kind: 'answer', code: 13, codes: [BATCH] });
    faults.add({ kind: 'answer', code: 13, codes: [SEND], when: ({ body }) => Buffer.from(body).toString() === 'bad' });
    const outcomes = await producer.sendAll(['a', 'bad', 'c'].map(plain));
    expect(words(outcomes)).toEqual(['stored', 'ROCKETMQ_SEND_FAILED refused', 'stored']);
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['a', 'c']);
    expect([requests.count(BATCH), requests.count(SEND)]).toEqual([1, 3]);
  });

  test('with sharding keys stops the key of the one at fault, and no other', async () => {
    await using started = await startProducer({ cluster: ONE_QUEUE, producer: { maxBatchMessages: 4 } });
    const { cluster, producer } = started;
    const { faults } = cluster.broker();
    faults.add({ kind: 'answer', code: 13, codes: [BATCH], times: 1 });
    faults.add({ kind: 'answer', code: 13, codes: [SEND], when: ({ body }) => Buffer.from(body).toString() === 'a1' });
    const messages = ['a0', 'b0', 'a1', 'a2', 'b1', 'a3', 'b2'].map((body) => keyed(body.charAt(0), body));
    const outcomes = await producer.sendAll(messages);
    const blocked = 'ROCKETMQ_ORDER_BLOCKED notSent';
    const expected = ['stored', 'stored', 'ROCKETMQ_SEND_FAILED refused', blocked, 'stored', blocked, 'stored'];
    expect(words(outcomes)).toEqual(expected);
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['a0', 'b0', 'b1', 'b2']);
  });

  test('is sent message by message too when it was a second copy, since the connection from before a freeze was dead', async () => {
    await using started = await startProducer({ cluster: ONE_QUEUE });
    const { client, cluster, producer } = started;
    const { faults } = cluster.broker();
    await producer.send(plain('before'));
    const upkeep = await client.beginInvocation(deadlineAfter(10_000));
    faults.add({ kind: 'close', how: 'RST', isStored: false, codes: [BATCH], times: 1 });
    faults.add({ kind: 'answer', code: 13, codes: [BATCH] });
    faults.add({ kind: 'answer', code: 13, codes: [SEND], when: ({ body }) => Buffer.from(body).toString() === 'bad' });
    const outcomes = await producer.sendAll(['a', 'bad', 'c'].map(plain));
    await upkeep.end();
    expect(words(outcomes)).toEqual(['stored', 'ROCKETMQ_SEND_FAILED refused', 'stored']);
  });

  test('because access is denied is not sent message by message', async () => {
    await using started = await startProducer({ cluster: ONE_QUEUE });
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code: 16, remark: 'check signature failed.', codes: [BATCH] });
    const outcomes = await producer.sendAll(['a', 'b', 'c'].map(plain));
    expect(words(outcomes)).toEqual(Array(3).fill('ROCKETMQ_SEND_FAILED refused'));
    expect(outcomes[0]).toMatchObject({ error: { cause: { code: 'ROCKETMQ_ACCESS_DENIED' } } });
    expect([cluster.broker().requests.count(BATCH), cluster.broker().requests.count(SEND)]).toEqual([1, 0]);
  });
});

describe('a list', () => {
  test('whose credentials cannot be fetched has an outcome for each message', async () => {
    const fetchSecurity = () => Promise.reject(new Error('no way to SSM'));
    await using started = await startProducer({ client: { fetchSecurity } });
    const outcomes = await started.producer.sendAll([plain('a'), keyed('b', 'b')]);
    expect(words(outcomes)).toEqual(['ROCKETMQ_NO_SECURITY notSent', 'ROCKETMQ_NO_SECURITY notSent']);
  });

  test('under which a hook throws is told so when nothing of it is under way any more', async () => {
    const beforeRequest = (
      _addr: string,
      { extFields }: { readonly extFields: Readonly<Record<string, string | undefined>> },
    ) => {
      if (extFields.i?.includes('\u0001bad\u0002')) throw new TypeError('a fault of the hook');
      return undefined;
    };
    await using started = await startProducer({
      client: { rpcHooks: [{ beforeRequest }] },
      producer: { maxBatchMessages: 1 },
    });
    const { cluster, client, producer } = started;
    const list = ['bad', 'good'].map((tag) => ({ ...plain(tag), tag }));
    await expect(producer.sendAll(list)).rejects.toThrow('a fault of the hook');
    expect(client.pendingCount).toBe(0);
    expect(cluster.messages(TOPIC)).toHaveLength(1);
  });
});

describe('a list with sharding keys', () => {
  const bodiesOf = (cluster: EmbeddedCluster) => cluster.messages(TOPIC).map(({ body }) => body.toString());

  test.each(['warm', 'cold'])('comes before what is sent under its keys after it, on a %s client', async (state) => {
    await using started = await startProducer({ producer: { maxBatchMessages: 4 } });
    const { cluster, producer } = started;
    if (state === 'warm') await producer.send(keyed('other', 'before'));
    const list = Array.from({ length: 20 }, (_, index) => keyed('anna', `${index}`));
    const lastOf = keyed('anna', 'last');
    await Promise.all([producer.sendAll(list), producer.send(keyed('anna', 'next')), producer.sendAll([lastOf])]);
    const expected = [...list.map(({ body }) => body), 'next', 'last'];
    expect(bodiesOf(cluster).filter((body) => body !== 'before')).toEqual(expected);
  });

  test('sends all of one key to one queue, also when the topic gets more queues in the midst of it', async () => {
    const clock = new GivenClock();
    const topics = [TOPIC, 'stock'].map((name) => ({ name, queues: 1 }));
    await using started = await startProducer({ cluster: { topics }, client: { clock } });
    const { client, cluster, producer } = started;
    await producer.send(plain('before'));
    cluster.broker().topics.put(topicConfig(TOPIC, 4));
    clock.advance(31_000);
    // The route of the other topic comes after the due refresh of this one.
    const refreshed = Promise.withResolvers<void>();
    cluster.nameServer().faults.add({ kind: 'delay', until: refreshed.promise, codes: [ROUTE], topic: 'stock' });
    const upkeep = await client.beginInvocation(deadlineAfter(10_000));
    const sending = producer.sendAll([
      keyed('a', '1'),
      { topic: 'stock', body: 's', shardingKey: 'x' },
      keyed('a', '2'),
    ]);
    await upkeep.end();
    refreshed.resolve();
    const places = (await sending).map((outcome) =>
      outcome.status === 'stored' ? outcome.result.queue.queueId : 'failed',
    );
    expect(places[2]).toBe(places[0]);
    expect((await producer.sendAll([keyed('a', '3')]))[0]).toMatchObject({ result: { queue: { queueId: 1 } } });
  });

  test('holds up another list for the keys that both have, until the last message of the key has settled', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS, producer: { maxBatchMessages: 1 } });
    const { cluster, producer } = started;
    await producer.send(keyed('hello', 'before'));
    const release = Promise.withResolvers<void>();
    // Of 'order-1', which is on the other broker: the key of both lists has its turn long before.
    const held = { kind: 'delay', until: release.promise, isHeld: true, codes: [SEND], times: 1 } as const;
    cluster.broker('broker-b').faults.add(held);
    const first = producer.sendAll([keyed('hello', '1'), keyed('order-1', 'held'), keyed('hello', '2')]);
    expect(words(await producer.sendAll([keyed('hello', '3')]))).toEqual(['stored']);
    release.resolve();
    expect(words(await first)).toEqual(['stored', 'stored', 'stored']);
    const ofKey = cluster.messages(TOPIC).filter(({ properties }) => properties.__SHARDINGKEY === 'hello');
    expect(ofKey.map(({ body }) => body.toString())).toEqual(['before', '1', '2', '3']);
  });

  test('stops a key at a message that cannot be sent at all, and no other', async () => {
    await using started = await startProducer();
    const messages = [keyed('a', 'a0'), keyed('a', ''), keyed('b', 'b0'), keyed('a', 'a2'), plain('plain')];
    const outcomes = await started.producer.sendAll(messages);
    const [illegal, blocked] = ['ROCKETMQ_MESSAGE_ILLEGAL notSent', 'ROCKETMQ_ORDER_BLOCKED notSent'];
    expect(words(outcomes)).toEqual(['stored', illegal, 'stored', blocked, 'stored']);
    expect(bodiesOf(started.cluster).sort()).toEqual(['a0', 'b0', 'plain']);
  });
});

describe('a batch whose outcome is unknown', () => {
  test('is sent again with the same ids, and every member may be a duplicate', async () => {
    await using started = await startProducer({ cluster: ONE_QUEUE });
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'close', how: 'RST', isStored: true, codes: [BATCH], times: 1 });
    const outcomes = await producer.sendAll(['a', 'b'].map(plain));
    expect(outcomes).toMatchObject(
      Array(2).fill({ status: 'stored', result: { attempts: 2, isPossibleDuplicate: true } }),
    );
    const ids = outcomes.map((outcome) => outcome.status === 'stored' && outcome.result.msgId);
    expect(cluster.messages(TOPIC).map(({ properties }) => properties.UNIQ_KEY)).toEqual([...ids, ...ids]);
  });

  test('in every attempt is unknown for each member, and is not sent message by message', async () => {
    const limits = { attemptTimeoutMs: 300, sendTimeoutMs: 5000, maxAttempts: 2, maxBatchMessages: 2 };
    await using started = await startProducer({ cluster: ONE_QUEUE, producer: limits });
    const { cluster, producer } = started;
    const isFirst = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).includes('first');
    cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [BATCH], when: isFirst });
    const messages = ['first', 'first too', 'later', 'other'].map((body) => keyed(body === 'other' ? 'o' : 'k', body));
    const unknown = 'ROCKETMQ_SEND_FAILED unknown';
    const outcomes = await producer.sendAll(messages);
    expect(words(outcomes)).toEqual([unknown, unknown, 'ROCKETMQ_ORDER_BLOCKED notSent', 'stored']);
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['other']);
  });
});

test('a message without a route fails alone, and the others are stored', async () => {
  await using started = await startProducer();
  const outcomes = await started.producer.sendAll([plain('a'), { topic: 'absent', body: 'b' }, plain('c')]);
  expect(words(outcomes)).toEqual(['stored', 'ROCKETMQ_TOPIC_NOT_FOUND notSent', 'stored']);
});

test('name servers are not asked for each keyed message of a topic that has no route', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  const messages = Array.from({ length: 500 }, (_, index) => ({ topic: 'absent', body: 'x', shardingKey: `${index}` }));
  const outcomes = await producer.sendAll([...messages, keyed('k', 'there')]);
  expect(words(outcomes)).toEqual([...Array(500).fill('ROCKETMQ_TOPIC_NOT_FOUND notSent'), 'stored']);
  expect(cluster.nameServer().requests.count(ROUTE)).toBeLessThan(5);
});

test('a topic whose route is waited for holds up no message of another topic', async () => {
  const topics = [TOPIC, 'stock'].map((name) => ({ name, queues: 1 }));
  await using started = await startProducer({ cluster: { topics } });
  const { cluster, producer } = started;
  await producer.send(plain('before'));
  const route = Promise.withResolvers<void>();
  cluster.nameServer().faults.add({ kind: 'delay', until: route.promise, codes: [ROUTE], topic: 'stock' });
  const ofStock = { topic: 'stock', body: 's', shardingKey: 'x' };
  const sending = producer.sendAll([ofStock, plain('a'), keyed('k', 'b')]);
  await expect.poll(() => cluster.messages(TOPIC)).toHaveLength(3);
  route.resolve();
  expect(words(await sending)).toEqual(['stored', 'stored', 'stored']);
});
