import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, batchUnit, cutIntoBatches } from '../../../../functions/rocketmq/producer/batch-plan.ts';
import type { Message } from '../../../../functions/rocketmq/producer/message.ts';
import { PreparedMessage } from '../../../../functions/rocketmq/producer/prepared-message.ts';
import { encodedBytes } from '../../../../functions/rocketmq/protocol/byte-writer.ts';
import { decodeBatch } from '../../../../functions/rocketmq/protocol/message-batch.ts';
import { decodeProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';

let ids = 0;
const rules = {
  maxMessageBytes: 4_194_304,
  maxDelayMs: 1,
  newMsgId: () => `ID${ids++}`,
  now: () => 1_764_000_000_000,
  wrapTopic: (topic: string) => topic,
  instanceId: undefined,
};

const placed = (messages: readonly Partial<Message>[]): Batch =>
  messages.map((message, index) => ({
    index,
    message: new PreparedMessage({ topic: 'orders', body: 'x', ...message }, rules),
  }));

const bytesOf = (batch: Batch) => batchUnit(batch).body.length;

describe('messages are cut into batches', () => {
  test('in their order, none lost, within both limits, and no sooner than needed', () => {
    const bodies = fc.array(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), { maxLength: 40 });
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 60, max: 900 }), (texts, count, bytes) => {
        const messages = placed(texts.map((body) => ({ body })));
        const batches = cutIntoBatches(messages, { maxBatchMessages: count, maxBatchBytes: bytes });
        expect(batches.flat()).toEqual(messages);
        for (const [place, batch] of batches.entries()) {
          expect(batch.length).toBeLessThanOrEqual(count);
          if (batch.length > 1) expect(bytesOf(batch)).toBeLessThanOrEqual(bytes);
          const next = batches[place + 1]?.slice(0, 1) ?? [];
          if (next.length > 0 && batch.length < count) expect(bytesOf([...batch, ...next])).toBeGreaterThan(bytes);
        }
      }),
    );
  });

  test('with one that is too large for any batch alone', () => {
    const messages = placed([{ body: 'a' }, { body: 'b'.repeat(500) }, { body: 'c' }]);
    const batches = cutIntoBatches(messages, { maxBatchMessages: 10, maxBatchBytes: 200 });
    expect(batches.map((batch) => batch.map(({ index }) => index))).toEqual([[0], [1], [2]]);
  });
});

describe('a batch request', () => {
  test('has WAIT and nothing else among its own properties, whatever its members have', () => {
    const full = { tag: 't', keys: ['k'], properties: { p: 'v' }, shardingKey: 's', flag: 3 };
    expect(batchUnit(placed([full, full])).properties).toBe('WAIT\u0001true\u0002');
    const unwaited = { ...full, waitStoreMsgOk: false };
    expect(batchUnit(placed([unwaited, unwaited])).properties).toBe('WAIT\u0001false\u0002');
  });

  test('holds every member with its own id, and is neither compressed nor scheduled', () => {
    const batch = placed([{ body: 'y'.repeat(10_000) }, { body: 'b', flag: 7 }]);
    const unit = batchUnit(batch);
    expect(unit).toMatchObject({ topic: 'orders', sysFlag: 0, flag: 0, isBatch: true, needs: undefined });
    expect(unit.msgId).toBe(batch[0]?.message.msgId);
    const members = decodeBatch(encodedBytes(unit.body));
    expect(members.map(({ flag, body }) => [flag, body.length])).toEqual([
      [0, 10_000],
      [7, 1],
    ]);
    expect(members.map(({ properties }) => decodeProperties(properties).UNIQ_KEY)).toEqual(
      batch.map(({ message }) => message.msgId),
    );
  });

  test('of no message is a mistake of its caller', () => {
    expect(() => batchUnit([])).toThrow(RangeError);
  });
});
