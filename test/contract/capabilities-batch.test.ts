import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import type { Message, SendOutcome } from '#rocketmq';
import { decodeOffsetMessageId } from '../../functions/rocketmq/protocol/message-id.ts';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { contractKinds, freshTopic } from './clusters.ts';

const storedOf = (outcomes: readonly SendOutcome[]) =>
  outcomes.map((outcome) => {
    if (outcome.status === 'failed') throw outcome.error;
    return outcome.result;
  });

describe.each(contractKinds)('on %s, a batch', (kind) => {
  const on = useCapabilityCluster(kind);

  /** A broker of 4.9 adds its cluster to each member, and drops nothing; one of 5.x adds nothing. */
  const memberProperties = (own: Readonly<Record<string, string>>) =>
    kind === '4.9.5' ? { ...own, CLUSTER: 'DefaultCluster' } : own;

  test('keeps the body, flag, properties and own message id of each member, and maps ids one to one', async () => {
    const topic = await freshTopic(on.cluster);
    const messages: Message[] = Array.from({ length: 20 }, (_, index) => ({
      topic,
      body: index === 7 ? Uint8Array.from({ length: 256 }, (_byte, value) => value) : `body ${index} ü`,
      tag: `tag-${index}`,
      keys: [`k${index}`, `κ${index}`],
      properties: { nr: String(index), 名前: '値' },
      flag: index - 10,
    }));
    const results = storedOf(await on.newProducer().sendAll(messages));
    const stored = await readBack(on.cluster.admin, topic, messages.length);
    expect(stored).toHaveLength(messages.length);
    expect(new Set(results.map(({ msgId }) => msgId)).size).toBe(messages.length);
    const byId = new Map(stored.map((message) => [message.properties.UNIQ_KEY, message]));
    for (const [index, { msgId, queue, queueOffset, offsetMsgId }] of results.entries()) {
      const message = byId.get(msgId);
      expect(message?.body.equals(Buffer.from(messages[index]?.body ?? ''))).toBe(true);
      expect(message).toMatchObject({ flag: index - 10, sysFlag: 0, queueId: queue.queueId });
      expect(message?.queueOffset).toBe(BigInt(queueOffset));
      expect(message?.properties).toEqual(
        memberProperties({
          nr: String(index),
          名前: '値',
          KEYS: `k${index} κ${index}`,
          TAGS: `tag-${index}`,
          UNIQ_KEY: msgId,
          WAIT: 'true',
        }),
      );
      expect(decodeOffsetMessageId(offsetMsgId).commitLogOffset).toBe(message?.commitLogOffset);
    }
    // One request: one queue, consecutive offsets.
    expect(new Set(results.map(({ queue }) => queue.queueId)).size).toBe(1);
    expect(results.map(({ queueOffset }) => queueOffset)).toEqual(results.map((_, index) => index));
  });

  test('is cut at its count and at its bytes, and every message is stored once', async () => {
    const topic = await freshTopic(on.cluster, 2);
    const bodies = Array.from({ length: 250 }, (_, index) => `${index} `.padEnd(1 + (index % 7) * 500, '.'));
    const producer = on.newProducer({ maxBatchMessages: 60, maxBatchBytes: 64 * 1024 });
    const results = storedOf(await producer.sendAll(bodies.map((body) => ({ topic, body }))));
    const stored = await readBack(on.cluster.admin, topic, bodies.length);
    expect(stored).toHaveLength(bodies.length);
    const bodyOf = new Map(stored.map(({ properties, body }) => [properties.UNIQ_KEY, body.toString()]));
    expect(results.map(({ msgId }) => bodyOf.get(msgId))).toEqual(bodies);
  });

  test('just under 4 MiB is taken, and what would be over it is cut into two', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const producer = on.newProducer({ compression: 'none', maxBatchBytes: 16_000_000, maxBatchMessages: 10 });
    const body = Buffer.alloc(1_398_000, 'x');
    const three = storedOf(await producer.sendAll([1, 2, 3].map(() => ({ topic, body }))));
    expect(three.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    const four = storedOf(await producer.sendAll([1, 2, 3, 4].map(() => ({ topic, body }))));
    expect(four.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
    const stored = await readBack(on.cluster.admin, topic, 7);
    expect(stored.map(({ body: { length } }) => length)).toEqual(Array(7).fill(body.length));
  });

  test('with sharding keys goes to their queues, each key in order', async () => {
    const topic = await freshTopic(on.cluster, 4);
    const keys = ['anna', 'bert', '顧客-3', 'order-4711', 'ü'];
    const messages = Array.from({ length: 200 }, (_, index) => ({
      topic,
      body: String(index),
      shardingKey: keys[index % keys.length] ?? '',
    }));
    const results = storedOf(await on.newProducer({ maxBatchMessages: 16 }).sendAll(messages));
    const stored = await readBack(on.cluster.admin, topic, messages.length);
    for (const key of keys) {
      const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === key);
      const sent = messages.filter(({ shardingKey }) => shardingKey === key).map(({ body }) => body);
      expect(ofKey.map(({ body }) => body.toString())).toEqual(sent);
      expect(new Set(ofKey.map(({ queueId }) => queueId)).size).toBe(1);
    }
    const told = results.map(({ queue, queueOffset }) => `${queue.queueId}/${queueOffset}`);
    expect(told).toEqual(results.map(({ msgId }) => placeOf(stored, msgId)));
  });

  test('of messages to be waited for differently is two', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const messages = [true, false, true, false].map((waitStoreMsgOk, index) => ({
      topic,
      body: `${index}`,
      waitStoreMsgOk,
    }));
    const results = storedOf(await on.newProducer().sendAll(messages));
    const stored = await readBack(on.cluster.admin, topic, 4);
    const waitOf = new Map(stored.map(({ properties }) => [properties.UNIQ_KEY, properties.WAIT]));
    expect(results.map(({ msgId }) => waitOf.get(msgId))).toEqual(['true', 'false', 'true', 'false']);
  });

  test('leaves out what has to go alone: a scheduled message and one to be compressed', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const results = storedOf(
      await on.newProducer().sendAll([
        { topic, body: 'a' },
        { topic, body: 'later', delayLevel: 1 },
        { topic, body: 'c'.repeat(10_000) },
        { topic, body: 'd' },
      ]),
    );
    const stored = await readBack(on.cluster.admin, topic, 4);
    const byId = new Map(stored.map((message) => [message.properties.UNIQ_KEY, message]));
    const [a, later, large, d] = results.map(({ msgId }) => byId.get(msgId));
    expect([a, later, d].map((message) => message?.body.toString())).toEqual(['a', 'later', 'd']);
    expect([a, later, large, d].map((message) => message?.sysFlag)).toEqual([0, 0, 0x301, 0]);
    expect((later?.storedAt ?? 0) - (later?.bornAt ?? 0)).toBeGreaterThanOrEqual(900);
  });

  test('isolates a member that is at fault: it fails before anything is sent, the others are stored', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const bodies = ['a', '', 'c'];
    const outcomes = await on.newProducer().sendAll(bodies.map((body) => ({ topic, body })));
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'failed', 'stored']);
    expect(outcomes[1]).toMatchObject({
      error: { code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'body', outcome: 'notSent' },
    });
    expect((await readBack(on.cluster.admin, topic, 2)).map(({ body }) => body.toString())).toEqual(['a', 'c']);
  });

  test('isolates a member that only the broker refuses', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const producer = on.newProducer({ compression: 'none', maxMessageBytes: 8_000_000, maxBatchBytes: 16_000_000 });
    const messages = [
      { topic, body: 'a' },
      { topic, body: Buffer.alloc(4_194_305) },
      { topic, body: 'c' },
    ];
    const outcomes = await producer.sendAll(messages);
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'failed', 'stored']);
    const error = { code: 'ROCKETMQ_SEND_FAILED', outcome: 'refused', retryable: false, cause: { responseCode: 13 } };
    expect(outcomes[1]).toMatchObject({ error });
    expect((await readBack(on.cluster.admin, topic, 2)).map(({ body }) => body.toString())).toEqual(['a', 'c']);
  });
});

function placeOf(stored: readonly StoredMessage[], msgId: string): string | undefined {
  const message = stored.find(({ properties }) => properties.UNIQ_KEY === msgId);
  return message && `${message.queueId}/${message.queueOffset}`;
}
