import { expect, test } from 'vitest';
import { invocationDeadline } from '../../../functions/invocation/invocation-deadline.ts';

test('the deadline is what Lambda says is left, less the reserve, asked anew each time', () => {
  const left = [3000, 900, 400];
  const deadline = invocationDeadline({ getRemainingTimeInMillis: () => left.shift() ?? 0 }, 500);
  expect(deadline.remainingMs()).toBe(2500);
  expect(deadline.remainingMs()).toBe(400);
  expect(deadline.remainingMs()).toBe(-100);
});

test('without a reserve it is all that is left', () => {
  expect(invocationDeadline({ getRemainingTimeInMillis: () => 7 }, 0).remainingMs()).toBe(7);
});
