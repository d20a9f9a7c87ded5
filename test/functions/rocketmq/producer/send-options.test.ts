import { describe, expect, test } from 'vitest';
import { deadlineAfter, OptionsError } from '#rocketmq';
import { type CallOptions, checkedOptions } from '../../../../functions/rocketmq/producer/send-options.ts';

const deadline = deadlineAfter(1000);
const queue = { topic: 'orders', brokerName: 'broker-a', queueId: 0 };
const selectQueue = () => queue;

/** What options are refused for. */
function faultOf(kind: CallOptions, options: unknown): string {
  try {
    checkedOptions('producer.send', kind, options as object);
  } catch (error) {
    if (error instanceof OptionsError) return error.message;
    throw error;
  }
  throw new Error('expected an OptionsError');
}

describe('the options of one call', () => {
  test.each<[CallOptions, object]>([
    ['list', {}],
    ['list', { deadline }],
    ['send', { deadline, queue, selectQueue }],
    ['transaction', { deadline, queue, selectQueue, immunityMs: 1000 }],
    ['query', { deadline, storedSince: 0 }],
  ])('are those of a %s', (kind, options) => {
    expect(checkedOptions('it', kind, options)).toBe(options);
  });

  test.each<[CallOptions, unknown, string]>([
    ['list', { queue }, 'unknown option "queue" (known: deadline)'],
    ['send', { immunityMs: 1 }, 'unknown option "immunityMs" (known: deadline, queue, selectQueue)'],
    ['send', { timeoutMs: 1 }, 'unknown option "timeoutMs" (known: deadline, queue, selectQueue)'],
    ['transaction', { immunity: 1 }, 'unknown option "immunity" (known: deadline, queue, selectQueue, immunityMs)'],
    ['query', { since: 1 }, 'unknown option "since" (known: deadline, storedSince)'],
    ['send', { queue: 3 }, '"queue" is 3, but must be an object'],
    ['send', { selectQueue: 'first' }, '"selectQueue" is "first", but must be a function'],
    [
      'query',
      { storedSince: '1' },
      `"storedSince" is "1", but must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER} (in epoch ms)`,
    ],
    ['send', null, 'the options are null, but must be an object'],
    ['send', 3000, 'the options are 3000, but must be an object'],
  ])('are refused where a %s knows none such, or has no use for what they hold', (kind, options, fault) => {
    expect(faultOf(kind, options)).toBe(`producer.send: ${fault}`);
  });

  test.each([
    ['an instant', 1_800_000_000_000],
    ['a date', new Date(0)],
    ['null', null],
    ['a text', '3s'],
  ])('are refused with %s as deadline, and say how one is made', (_what, given) => {
    expect(faultOf('send', { deadline: given })).toBe(
      'producer.send: "deadline" is no Deadline: give deadlineAfter(ms), or the deadline of the invocation',
    );
  });

  test('take an undefined deadline as none', () => {
    const options = { deadline: undefined };
    expect(checkedOptions('it', 'send', options as object)).toBe(options);
  });
});
