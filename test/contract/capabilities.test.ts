import { Buffer } from 'node:buffer';
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Message, MessageQueue } from '#rocketmq';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { contractKinds, freshTopic, uniqueName } from './clusters.ts';
import { storedProperties } from './message-cases.ts';

describe.each(contractKinds)('on %s', (kind) => {
  const on = useCapabilityCluster(kind);

  test('a oneway message is stored as it was sent, though nobody waits for it', async () => {
    const topic = await freshTopic(on.cluster);
    const msgId = 'A'.repeat(32);
    const message: Message = { topic, body: 'oneway', tag: 't', keys: ['k'], properties: { p: 'v' }, flag: 3, msgId };
    const client = on.newClient();
    expect(await client.producer({ group: uniqueName('oneway') }).sendOneway(message)).toBeUndefined();
    const [stored, ...others] = await readBack(on.cluster.admin, topic, 1);
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ flag: 3, sysFlag: 0 });
    expect(stored?.body.toString()).toBe('oneway');
    const sent = { p: 'v', KEYS: 'k', TAGS: 't', WAIT: 'true' };
    expect(stored?.properties).toEqual({ ...storedProperties(kind, sent), UNIQ_KEY: msgId });
  });

  test('a message goes to the queue that is given', async () => {
    const topic = await freshTopic(on.cluster, 8);
    const producer = on.newProducer();
    for (const queueId of [5, 0, 5]) {
      const queue: MessageQueue = { topic, brokerName: 'broker-a', queueId };
      expect(await producer.send({ topic, body: `${queueId}` }, { queue })).toMatchObject({ queue });
    }
    const stored = await readBack(on.cluster.admin, topic, 3);
    expect(stored.map(({ queueId, body }) => `${queueId} ${body}`)).toEqual(['0 0', '5 5', '5 5']);
  });

  test('a selector sees every queue that can be written, and the message', async () => {
    const topic = await freshTopic(on.cluster, 3);
    const message: Message = { topic, body: 'chosen' };
    const seen: unknown[] = [];
    const selectQueue = (queues: readonly MessageQueue[], given: Message) => {
      seen.push(queues, given);
      return queues.find(({ queueId }) => queueId === 2) ?? { topic, brokerName: 'none', queueId: 2 };
    };
    await on.newProducer().send(message, { selectQueue });
    expect(seen).toEqual([[0, 1, 2].map((queueId) => ({ topic, brokerName: 'broker-a', queueId })), message]);
    expect(await readBack(on.cluster.admin, topic, 1)).toMatchObject([{ queueId: 2 }]);
  });

  test('a queue that is none of the topic’s is refused, as is one beside a sharding key', async () => {
    const topic = await freshTopic(on.cluster, 2);
    const producer = on.newProducer();
    const queue = (queueId: number, ofTopic = topic) => ({ topic: ofTopic, brokerName: 'broker-a', queueId });
    const illegal = { code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'queue', outcome: 'notSent' };
    const send = (message: Partial<Message>, given: MessageQueue) =>
      producer.send({ topic, body: 'x', ...message }, { queue: given });
    await expect(send({}, queue(2))).rejects.toMatchObject({ code: 'ROCKETMQ_NO_WRITABLE_QUEUE', outcome: 'notSent' });
    await expect(send({}, queue(0, 'another'))).rejects.toMatchObject(illegal);
    await expect(send({ shardingKey: 's' }, queue(0))).rejects.toMatchObject(illegal);
    expect(await on.cluster.admin.readAll(topic)).toEqual([]);
  });

  test.each([
    ['ZLIB', 0x301, (body: Buffer) => inflateSync(body)],
    ['ZSTD', 0x201, (body: Buffer) => zstdDecompressSync(body)],
  ] as const)(
    'a large body is stored compressed with %s, with everything else as it was',
    async (compression, sysFlag, decompress) => {
      const topic = await freshTopic(on.cluster);
      const body = Buffer.from(Array.from({ length: 3000 }, (_, index) => `line ${index} – ü\n`).join(''));
      const before = Buffer.from(body);
      const producer = on.newProducer({ compression, compressionThresholdBytes: 1000 });
      const { msgId } = await producer.send({ topic, body, tag: 't', properties: { p: 'v' }, flag: 9 });
      const [stored] = await readBack(on.cluster.admin, topic, 1);
      expect(stored).toMatchObject({ sysFlag, flag: 9 });
      expect(stored?.body.length).toBeLessThan(body.length / 2);
      expect(decompress(stored?.body ?? Buffer.alloc(0)).equals(before)).toBe(true);
      const sent = { p: 'v', TAGS: 't', WAIT: 'true' };
      expect(stored?.properties).toEqual({ ...storedProperties(kind, sent), UNIQ_KEY: msgId });
      expect(body.equals(before)).toBe(true);
    },
  );

  test('a body below the threshold, one that does not shrink, and any where compression is off, stay as they are', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const random = Buffer.from(Uint8Array.from({ length: 5000 }, () => Math.floor(Math.random() * 256)));
    await on.newProducer().send({ topic, body: 'y'.repeat(4095) });
    await on.newProducer().send({ topic, body: random });
    await on.newProducer({ compression: 'none' }).send({ topic, body: 'z'.repeat(50_000) });
    const stored = await readBack(on.cluster.admin, topic, 3);
    expect(stored.map(({ sysFlag, body }) => [sysFlag, body.length])).toEqual([
      [0, 4095],
      [0, 5000],
      [0, 50_000],
    ]);
    expect(stored[1]?.body.equals(random)).toBe(true);
  });

  test('a namespace wraps topic and group, is stored as INSTANCE_ID, and is taken off the result', async () => {
    const namespace = uniqueName('ns');
    const topic = uniqueName('topic');
    const group = uniqueName('group');
    await on.cluster.admin.createTopic(topicConfig(`${namespace}%${topic}`, 2));
    const client = on.newClient({ namespace });
    const upkeep = await client.beginInvocation({ remainingMs: () => 10_000 });
    const producer = client.producer({ group });
    const { queue, msgId } = await producer.send({ topic, body: 'single' });
    expect(queue.topic).toBe(topic);
    await producer.send({ topic, body: 'again' }, { queue });
    await producer.send({ topic: `${namespace}%${topic}`, body: 'wrapped already' });
    const outcomes = await producer.sendAll([1, 2].map((body) => ({ topic, body: `${body}` })));
    expect(outcomes.map((outcome) => outcome.status === 'stored' && outcome.result.queue.topic)).toEqual([
      topic,
      topic,
    ]);
    await upkeep.end();
    const stored = await readBack(on.cluster.admin, `${namespace}%${topic}`, 5);
    expect(stored.map(({ body }) => body.toString()).toSorted()).toEqual([
      '1',
      '2',
      'again',
      'single',
      'wrapped already',
    ]);
    expect(new Set(stored.map(({ properties }) => properties.INSTANCE_ID))).toEqual(new Set([namespace]));
    expect(stored.map(({ properties }) => properties.UNIQ_KEY)).toContain(msgId);
    expect(await on.cluster.producerIds(`${namespace}%${group}`)).toHaveLength(1);
  });

  test('a namespace of the second kind goes with each request, and leaves names alone', async () => {
    const topic = await freshTopic(on.cluster);
    const { queue } = await on.newProducer({}, { namespaceV2: 'tenant' }).send({ topic, body: 'x' });
    expect(queue.topic).toBe(topic);
    const [stored] = await readBack(on.cluster.admin, topic, 1);
    expect(stored?.topic).toBe(topic);
    expect(stored?.properties.INSTANCE_ID).toBeUndefined();
  });

  test('a unit name ends the client id, and messages of a unit are stored', async () => {
    const topic = await freshTopic(on.cluster);
    const group = uniqueName('unit');
    const client = on.newClient({ unitName: 'unit-7' });
    const upkeep = await client.beginInvocation({ remainingMs: () => 10_000 });
    await client.producer({ group, unitMode: true }).send({ topic, body: 'of a unit' });
    await upkeep.end();
    expect(await on.cluster.producerIds(group)).toEqual([expect.stringMatching(/#[0-9a-f]{16}@unit-7$/)]);
    expect((await readBack(on.cluster.admin, topic, 1)).map(({ body }) => body.toString())).toEqual(['of a unit']);
  });
});
