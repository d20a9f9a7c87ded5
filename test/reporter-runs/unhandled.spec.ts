import { expect, test } from 'vitest';

test('passes, and leaves a rejected promise', () => {
  // Not awaited on purpose: this is the unhandled error that the run has to count.
  void Promise.reject(new Error('nobody waits'));
  expect(1).toBe(1);
});
