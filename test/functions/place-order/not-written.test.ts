import { describe, expect, test } from 'vitest';
import { notWritten } from '../../../functions/place-order/not-written.ts';

/** An error as the SDK throws it. */
const failure = (name: string, message = '', CancellationReasons?: readonly object[]) =>
  Object.assign(new Error(message), { name, CancellationReasons });

const cancelled = (...reasons: readonly object[]) => failure('TransactionCanceledException', 'cancelled', reasons);

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
  ['the same transaction under way', failure('TransactionInProgressException')],
  ['what is no error', 'ValidationException'],
])('after %s it is open what was written', (_, error) => {
  expect(notWritten(error)).toBeUndefined();
});
