import { Buffer } from 'node:buffer';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, type ClientOptions, clientOptionRules, createClient, type SendOutcome } from '#rocketmq';
import { ClientInstance, type ResolvedClientOptions } from '../../functions/rocketmq/client/client-instance.ts';
import { systemClock } from '../../functions/rocketmq/clock.ts';
import { resolveOptions } from '../../functions/rocketmq/options.ts';
import { Producer } from '../../functions/rocketmq/producer/producer.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import {
  CLUSTER_START_LIMIT_MS,
  type ContractCluster,
  contractKinds,
  freshTopic,
  openContractCluster,
  uniqueName,
} from './clusters.ts';
import { messageCases, storedProperties } from './message-cases.ts';

const TOO_LARGE_BYTES = 4_194_305;

const storedOf = (outcomes: readonly SendOutcome[]) =>
  outcomes.flatMap((outcome) => (outcome.status === 'stored' ? [outcome.result] : []));

describe.each(contractKinds)('on %s, the producer', (kind) => {
  let cluster: ContractCluster;
  let client: Client | undefined;

  function newClient(options: Partial<ClientOptions> = {}): Client {
    const made = createClient({ nameServerAddrs: cluster.nameServerAddrs, ...options });
    client = made;
    return made;
  }
  const newProducer = (options: Partial<ClientOptions> = {}) =>
    newClient(options).producer({ group: uniqueName('contract') });

  beforeEach(async (context) => {
    cluster ??= await openContractCluster(kind, context);
  }, CLUSTER_START_LIMIT_MS);
  afterEach(async () => {
    // A heartbeat may be answered after the sends that it went with.
    await expect.poll(() => client?.pendingCount ?? 0).toBe(0);
    await client?.shutdown();
    client = undefined;
  });
  afterAll(() => cluster?.stop());

  test.each(messageCases)('stores $title, and it is read back as it was sent', async ({ message, properties }) => {
    const topic = await freshTopic(cluster);
    const sent = await newProducer().send({ ...message, topic });
    const [stored, ...others] = await readBack(cluster.admin, topic, 1);
    expect(others).toEqual([]);
    const { body, flag, queueId, queueOffset, reconsumeTimes, sysFlag } = stored ?? {};
    expect(Buffer.compare(body ?? Buffer.alloc(0), Buffer.from(message.body))).toBe(0);
    expect(stored?.properties).toEqual({ ...storedProperties(kind, properties), UNIQ_KEY: sent.msgId });
    expect({ flag, reconsumeTimes, sysFlag }).toEqual({ flag: message.flag ?? 0, reconsumeTimes: 0, sysFlag: 0 });
    expect({ queueId, queueOffset }).toEqual({
      queueId: sent.queue.queueId,
      queueOffset: BigInt(sent.queueOffset),
    });
    expect(sent).toMatchObject({ status: 'SEND_OK', attempts: 1, isPossibleDuplicate: false });
    expect(sent.queue).toMatchObject({ topic, brokerName: 'broker-a' });
    expect(sent.offsetMsgId).toMatch(/^7F000001[0-9A-F]{24}$/);
  });

  test.each(['JSON', 'ROCKETMQ'] as const)('writes request headers as %s', async (serializeType) => {
    const topic = await freshTopic(cluster);
    const message = { topic, body: 'as said', tag: 'ünï', keys: ['k'], properties: { 名前: '値' } };
    const { msgId } = await newProducer({ serializeType }).send(message);
    const [stored] = await readBack(cluster.admin, topic, 1);
    expect(stored?.body.toString()).toBe('as said');
    expect(stored?.properties).toMatchObject({ UNIQ_KEY: msgId, TAGS: 'ünï', KEYS: 'k', 名前: '値' });
  });

  test('refuses a body of one byte more than 4 MiB before anything is sent', async () => {
    const topic = await freshTopic(cluster, 1);
    const client = newClient();
    const producer = client.producer({ group: uniqueName('contract') });
    const sending = producer.send({ topic, body: Buffer.alloc(TOO_LARGE_BYTES, 1) });
    await expect(sending).rejects.toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', outcome: 'notSent' });
    expect(client.connectionsOpened.size).toBe(0);
  });

  test('keeps the message id that it is given, also for a message sent twice', async () => {
    const topic = await freshTopic(cluster, 2);
    const producer = newProducer();
    const message = { topic, body: 'again', msgId: '0A0B0C0D0E0F101112131415161718AB' };
    const results = [await producer.send(message), await producer.send(message)];
    expect(results.map(({ msgId }) => msgId)).toEqual([message.msgId, message.msgId]);
    const { admin } = cluster;
    await expect.poll(async () => (await admin.readAll(topic)).length).toBe(2);
    const ids = (await admin.readAll(topic)).map(({ properties }) => properties.UNIQ_KEY);
    expect(ids).toEqual([message.msgId, message.msgId]);
  });

  test('puts messages of one sharding key into one queue, in the order in which they were given', async () => {
    const topic = await freshTopic(cluster, 8);
    const keys = ['anna', 'bert', '顧客-3', 'order-4711'];
    const bodies = Array.from({ length: 50 }, (_, index) => String(index));
    const messages = bodies.flatMap((body) => keys.map((shardingKey) => ({ topic, body, shardingKey })));
    expect(storedOf(await newProducer().sendAll(messages))).toHaveLength(messages.length);
    const stored = await readBack(cluster.admin, topic, messages.length);
    for (const key of keys) {
      const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === key);
      expect(ofKey.map(({ body }) => body.toString())).toEqual(bodies);
      expect(new Set(ofKey.map(({ queueId }) => queueId)).size).toBe(1);
    }
  });

  test('takes turns over all queues of a topic', async () => {
    const topic = await freshTopic(cluster, 5);
    const producer = newProducer();
    const queues: number[] = [];
    for (let count = 0; count < 10; count++) queues.push((await producer.send({ topic, body: 'x' })).queue.queueId);
    expect(new Set(queues.slice(0, 5))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(queues.slice(5)).toEqual(queues.slice(0, 5));
  });

  test('does not create a topic by sending to it', async () => {
    const topic = uniqueName('nobody-made');
    const sending = newProducer().send({ topic, body: 'lost?' });
    await expect(sending).rejects.toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND', outcome: 'notSent', topic });
    expect(await cluster.admin.route(topic)).toBeUndefined();
  });

  test('stores each of 5,000 messages that are sent at once, twice only where it says so, and tells where, in their order', async () => {
    const topic = await freshTopic(cluster, 8);
    const bodies = Array.from({ length: 5000 }, (_, index) => `message ${index}`);
    const client = newClient();
    const producer = client.producer({ group: uniqueName('contract') });
    const results = storedOf(await producer.sendAll(bodies.map((body) => ({ topic, body }))));
    const stored = await readBack(cluster.admin, topic, bodies.length);
    const places = new Map(stored.map(({ queueId, queueOffset, body }) => [`${queueId}/${queueOffset}`, String(body)]));
    // A real broker on a busy machine may answer too late.
    const possibleDuplicates = results.filter(({ isPossibleDuplicate }) => isPossibleDuplicate).length;
    expect(stored.length - bodies.length).toBeGreaterThanOrEqual(0);
    expect(stored.length - bodies.length).toBeLessThanOrEqual(possibleDuplicates);
    const told = results.map(({ queue, queueOffset }) => places.get(`${queue.queueId}/${queueOffset}`));
    expect(told).toEqual(bodies);
    const idsOf = stored.map(({ properties }) => properties.UNIQ_KEY);
    expect(new Set(idsOf)).toEqual(new Set(results.map(({ msgId }) => msgId)));
    if (possibleDuplicates === 0) expect(Object.fromEntries(client.connectionsOpened)).toEqual({ first: 2 });
    if (kind === 'embedded') expect(results.every(({ attempts }) => attempts === 1)).toBe(true);
  });

  test('registers its group at the broker that it sends to, under one client id, and takes it off at its end', async () => {
    const topic = await freshTopic(cluster);
    const group = uniqueName('registered');
    const client = newClient();
    const upkeep = await client.beginInvocation({ remainingMs: () => 10_000 });
    await client.producer({ group }).send({ topic, body: 'x' });
    await upkeep.end();
    expect(await cluster.producerIds(group)).toEqual([expect.stringMatching(/^[\d.]+@\d+#[0-9a-f]{16}$/)]);
    await client.shutdown();
    expect(await cluster.producerIds(group)).toEqual([]);
  });

  test('knows the version of a broker from its first answer on', async () => {
    const { nameServerAddrs, brokerAddrs } = cluster;
    const topic = await freshTopic(cluster);
    const options = resolveOptions('test', { nameServerAddrs, clock: systemClock }, clientOptionRules);
    const instance = new ClientInstance(options as ResolvedClientOptions);
    const producer = new Producer(instance, { group: uniqueName('contract') });
    expect(instance.brokerVersionTable.get(brokerAddrs[0] ?? '')).toBeUndefined();
    await producer.send({ topic, body: 'x' });
    expect(instance.brokerVersionTable.get(brokerAddrs[0] ?? '')).toBe(kind === '4.9.5' ? 403 : 513);
    await instance.shutdown();
  });
});

test('a broker that would create topics does not create one that only an outdated route knows', async () => {
  const topic = 'was-here-once';
  const before = await startEmbeddedCluster({ topics: [{ name: topic, queues: 2 }] });
  const client = createClient({ nameServerAddrs: before.nameServerAddrs });
  const producer = client.producer({ group: 'contract' });
  await producer.send({ topic, body: 'x' });
  const brokers = [{ name: 'broker-a', port: before.broker().port }];
  await before.stop();
  await using after = await startEmbeddedCluster({ brokers, autoCreateTopics: true });
  const sending = producer.send({ topic, body: 'y' });
  await expect(sending).rejects.toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', cause: { responseCode: 17 } });
  expect(after.broker().topics.get(topic)).toBeUndefined();
  await client.shutdown();
});
