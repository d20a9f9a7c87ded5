import { describe, expect, test } from 'vitest';
import { notWritten } from '../../../functions/place-order/not-written.ts';

/** An error as the SDK throws it. */
const failure = (name: string, message = '', CancellationReasons?: readonly object[]) =>
  Object.assign(new Error(message), { name, CancellationReasons });

const cancelled = (...reasons: readonly object[]) => failure('TransactionCanceledException', 'cancelled', reasons);

/** At the second attempt of the SDK: the first one was not answered. */
const cancelledAgain = (...reasons: readonly object[]) =>
  Object.assign(cancelled(...reasons), { $metadata: { attempts: 2 } });

describe('that nothing was written is certain', () => {
  test.each([
    [
      'when the order is there',
      cancelled({ Code: 'ConditionalCheckFailed' }, { Code: 'None' }),
      { why: 'orderExists' },
    ],
    [
      'when the transaction was decided before',
      cancelled({ Code: 'None' }, { Code: 'ConditionalCheckFailed' }),
      { why: 'lost' },
    ],
    [
      'when the order is there at the second attempt, for it stays there',
      cancelledAgain({ Code: 'ConditionalCheckFailed' }, { Code: 'None' }),
      { why: 'orderExists' },
    ],
    [
      'when the transaction was decided before the second attempt, for that stays so',
      cancelledAgain({ Code: 'None' }, { Code: 'ConditionalCheckFailed' }),
      { why: 'lost' },
    ],
    [
      'when another write was in the way',
      cancelled({ Code: 'TransactionConflict' }, { Code: 'None' }),
      { why: 'lost' },
    ],
    [
      'when DynamoDB never takes such a write',
      failure('ValidationException', 'Item size has exceeded'),
      { why: 'illegal', text: 'Item size has exceeded' },
    ],
    [
      'when DynamoDB never takes such an order',
      cancelled({ Code: 'ValidationError', Message: 'Item size to update' }, { Code: 'None' }),
      { why: 'illegal', text: 'Item size to update' },
    ],
  ])('%s', (_, error, expected) => {
    expect(notWritten(error)).toEqual(expected);
  });
});

test.each([
  ['an error of the service', failure('InternalServerError')],
  ['an answer that did not come', failure('TimeoutError')],
  [
    'a write in the way of a second attempt, while the first may be under way',
    cancelledAgain({ Code: 'TransactionConflict' }, { Code: 'None' }),
  ],
  ['the same transaction under way', failure('TransactionInProgressException')],
  ['what is no error', 'ValidationException'],
])('after %s it is open what was written', (_, error) => {
  expect(notWritten(error)).toBeUndefined();
});
