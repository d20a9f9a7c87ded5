import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import type { Message } from '#rocketmq';
import { decodeRecallHandle, encodeRecallHandle } from '../../functions/rocketmq/protocol/recall-handle.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { contractKinds, freshTopic } from './clusters.ts';

/** Ways to say that a message is due two seconds from now. */
const timers: readonly (readonly [string, () => Partial<Message>])[] = [
  ['delayMs', () => ({ delayMs: 2000 })],
  ['delaySec', () => ({ delaySec: 2 })],
  ['deliverAt', () => ({ deliverAt: Date.now() + 2000 })],
];

const tooOld = { code: 'ROCKETMQ_BROKER_TOO_OLD', outcome: 'notSent', retryable: false };

describe.each(contractKinds)('on %s', (kind) => {
  const on = useCapabilityCluster(kind);
  const send = (message: Message) => on.newProducer().send(message);
  /** What refuses timers and recall on a release that has neither. */
  const isOld = kind === '4.9.5';

  test('a message of delay level 1 is delivered a second later, as it was sent', async () => {
    const topic = await freshTopic(on.cluster);
    const { msgId, recallHandle } = await send({
      topic,
      body: 'a second later',
      tag: 't',
      keys: ['k'],
      properties: { p: 'v' },
      flag: 5,
      delayLevel: 1,
    });
    expect(recallHandle).toBeUndefined();
    const [stored, ...others] = await readBack(on.cluster.admin, topic, 1);
    expect(others).toEqual([]);
    expect(stored).toMatchObject({ flag: 5, sysFlag: 0 });
    expect(stored?.body.toString()).toBe('a second later');
    expect(stored?.properties).toMatchObject({ p: 'v', KEYS: 'k', TAGS: 't', UNIQ_KEY: msgId });
    expect((stored?.storedAt ?? 0) - (stored?.bornAt ?? 0)).toBeGreaterThanOrEqual(900);
  });

  test.each(timers)(
    '%s delivers at its time where the broker has timers, and is refused unsent where it has none',
    async (_name, delay) => {
      const topic = await freshTopic(on.cluster);
      const sending = send({ topic, body: 'later', tag: 't', properties: { p: 'v' }, ...delay() });
      if (isOld) {
        await expect(sending).rejects.toMatchObject({
          code: 'ROCKETMQ_SEND_FAILED',
          outcome: 'notSent',
          cause: tooOld,
        });
        await expect(sending).rejects.toThrow(/is RocketMQ 4.9.5, but .* needs 5.0.0: it would deliver at once/);
        expect(await on.cluster.admin.readAll(topic)).toEqual([]);
        return;
      }
      const { msgId, recallHandle } = await sending;
      expect(decodeRecallHandle(recallHandle ?? '')).toMatchObject({ topic, brokerName: 'broker-a', msgId });
      const [stored, ...others] = await readBack(on.cluster.admin, topic, 1);
      expect(others).toEqual([]);
      expect(stored?.body.toString()).toBe('later');
      expect(stored?.properties).toMatchObject({ p: 'v', TAGS: 't', UNIQ_KEY: msgId });
      // The due time is cut to a second.
      expect((stored?.storedAt ?? 0) - (stored?.bornAt ?? 0)).toBeGreaterThanOrEqual(900);
    },
  );

  test('an instant that has passed delivers at once where the broker has timers', async () => {
    const topic = await freshTopic(on.cluster);
    const sending = send({ topic, body: 'overdue', deliverAt: Date.now() - 60_000 });
    if (isOld) return expect(sending).rejects.toMatchObject({ cause: tooOld });
    await sending;
    expect((await readBack(on.cluster.admin, topic, 1)).map(({ body }) => body.toString())).toEqual(['overdue']);
  });

  test('a oneway message with a timer is refused where the broker would deliver it at once', async () => {
    const topic = await freshTopic(on.cluster);
    const sending = on.newProducer().sendOneway({ topic, body: 'later', delayMs: 60_000 });
    if (!isOld) return sending;
    await expect(sending).rejects.toMatchObject(tooOld);
    expect(await on.cluster.admin.readAll(topic)).toEqual([]);
  });

  test('a delay beyond the broker’s limit, which this producer does not know, is refused by the broker for good', async () => {
    const topic = await freshTopic(on.cluster);
    const fourDaysMs = 345_600_000;
    const producer = on.newProducer({ maxDelayMs: fourDaysMs });
    const sending = producer.send({ topic, body: 'x', delayMs: fourDaysMs });
    const cause = isOld ? tooOld : { code: 'ROCKETMQ_BROKER', responseCode: 13, outcome: 'refused', retryable: false };
    await expect(sending).rejects.toMatchObject({ cause, attempts: [{ brokerName: 'broker-a' }] });
  });

  test('a scheduled message that is recalled is never delivered, and others of its time are', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const producer = on.newProducer();
    if (isOld) {
      const recallHandle = encodeRecallHandle({
        topic,
        brokerName: 'broker-a',
        timestamp: Date.now(),
        msgId: 'F'.repeat(32),
      });
      return expect(producer.recall(topic, recallHandle)).rejects.toMatchObject(tooOld);
    }
    const kept = { topic, body: 'kept', delayMs: 3000 };
    const { msgId, recallHandle = '' } = await producer.send({ ...kept, body: 'recalled' });
    await producer.send(kept);
    expect(await producer.recall(topic, recallHandle)).toBe(msgId);
    // A second time is a success too, which proves nothing.
    expect(await producer.recall(topic, recallHandle)).toBe(msgId);
    await producer.send({ ...kept, body: 'after both', delayMs: 4000 });
    const stored = await readBack(on.cluster.admin, topic, 2);
    expect(stored.map(({ body }) => body.toString())).toEqual(['kept', 'after both']);
  });

  test('a recall too late, of another topic, or by what is no handle, says so', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const other = await freshTopic(on.cluster, 1);
    const producer = on.newProducer();
    const handle = encodeRecallHandle({
      topic,
      brokerName: 'broker-a',
      timestamp: Date.now() - 1000,
      msgId: 'F'.repeat(32),
    });
    await expect(producer.recall(other, handle)).rejects.toThrow(`recall failed: the handle is for topic "${topic}"`);
    for (const bad of ['', 'no handle', Buffer.from('v2 a b 1 c').toString('base64url')]) {
      await expect(producer.recall(topic, bad)).rejects.toMatchObject({ code: 'ROCKETMQ_RECALL', outcome: 'notSent' });
    }
    const late = producer.recall(topic, handle);
    if (isOld) return expect(late).rejects.toMatchObject(tooOld);
    await expect(late).rejects.toMatchObject({ code: 'ROCKETMQ_RECALL', responseCode: 604, outcome: 'refused' });
    await expect(late).rejects.toThrow('timestamp invalid; the message was due already');
  });
});
