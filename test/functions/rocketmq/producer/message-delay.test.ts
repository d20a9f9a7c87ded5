import { describe, expect, test } from 'vitest';
import { MessageError } from '../../../../functions/rocketmq/errors.ts';
import type { Message } from '../../../../functions/rocketmq/producer/message.ts';
import { type DelayField, delayFault, messageDelay } from '../../../../functions/rocketmq/producer/message-delay.ts';

const NOW = Date.UTC(2026, 10, 24);
const THREE_DAYS_MS = 259_200_000;
const delayOf = (message: object, maxDelayMs = THREE_DAYS_MS) =>
  messageDelay({ topic: 'orders', body: 'x', ...message } as Message, maxDelayMs, NOW);

describe('a delay', () => {
  test.each([
    [{}, undefined],
    [{ delayLevel: 1 }, { property: 'DELAY', value: '1', isTimer: false }],
    [{ delayLevel: 18 }, { property: 'DELAY', value: '18', isTimer: false }],
    [{ delayMs: 1 }, { property: 'TIMER_DELAY_MS', value: '1', isTimer: true }],
    [{ delayMs: THREE_DAYS_MS }, { property: 'TIMER_DELAY_MS', value: '259200000', isTimer: true }],
    [{ delaySec: 259_200 }, { property: 'TIMER_DELAY_SEC', value: '259200', isTimer: true }],
    [{ deliverAt: NOW + 1 }, { property: 'TIMER_DELIVER_MS', value: String(NOW + 1), isTimer: true }],
    [{ deliverAt: NOW - 1 }, { property: 'TIMER_DELIVER_MS', value: String(NOW - 1), isTimer: true }],
    [
      { delayMs: undefined, delayLevel: 2 },
      { property: 'DELAY', value: '2', isTimer: false },
    ],
  ])('%o is sent as a broker reads it', (message, delay) => {
    expect(delayOf(message)).toEqual(delay);
  });

  test.each([
    { delayLevel: 0 },
    { delayLevel: 19 },
    { delayLevel: 1.5 },
    { delayLevel: '3' },
    { delayLevel: null },
    { delayMs: 0 },
    { delayMs: -1 },
    { delayMs: Number.NaN },
    { delayMs: Number.POSITIVE_INFINITY },
    { delaySec: 0.5 },
    { deliverAt: 0 },
    { deliverAt: new Date(NOW) },
  ])('%o is refused, because a broker would deliver at once, clamp it, or fail', (message) => {
    expect(() => delayOf(message)).toThrow(MessageError);
    expect(() => delayOf(message)).toThrow(/must be a whole number/);
  });

  test.each([
    [{ delayMs: THREE_DAYS_MS + 1 }, 'delayMs is 259200001 ms from now, over the limit of 259200000'],
    [{ delaySec: 259_201 }, 'delaySec is 259201000 ms from now, over the limit of 259200000'],
    [{ deliverAt: NOW + THREE_DAYS_MS + 1 }, 'deliverAt is 259200001 ms from now, over the limit of 259200000'],
  ])('%o is longer than brokers take by default, and says which setting counts', (message, text) => {
    expect(() => delayOf(message)).toThrow(text);
    expect(() => delayOf(message)).toThrow('(option "maxDelayMs", the broker\'s timerMaxDelaySec)');
    expect(delayOf(message, THREE_DAYS_MS + 1000)).toMatchObject({ isTimer: true });
  });

  test('asked for in two ways is refused, because a broker would follow one of them without a word', () => {
    expect(() => delayOf({ delayLevel: 1, delayMs: 5000 })).toThrow('give one of delayLevel and delayMs, not several');
  });
});

describe('a delay that is known before there is a message', () => {
  test.each<[DelayField, number, string]>([
    ['delayLevel', 19, 'delayLevel is 19, but must be a whole number from 1 to 18'],
    ['delayMs', 0, 'delayMs is 0, but must be a whole number above 0'],
    ['deliverAt', 0.5, 'deliverAt is 0.5, but must be a whole number above 0'],
    ['delaySec', 259_201, 'delaySec is 259201000 ms from now, over the limit of 259200000'],
  ])('is refused as one of a message: %s %d', (field, value, text) => {
    expect(delayFault(field, value, THREE_DAYS_MS)).toContain(text);
    expect(() => delayOf({ [field]: value })).toThrow(text);
  });

  test.each<[DelayField, number]>([
    ['delayLevel', 18],
    ['delayMs', THREE_DAYS_MS],
    // Whether that is too far off, only the moment of sending tells.
    ['deliverAt', Number.MAX_SAFE_INTEGER],
  ])('is taken: %s %d', (field, value) => {
    expect(delayFault(field, value, THREE_DAYS_MS)).toBeUndefined();
  });
});
