import { once } from 'node:events';
import { expect, test } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { abortedBy } from '../../../functions/invocation/aborted-by.ts';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('what is done by its deadline is not aborted, and leaves no timer', async () => {
  const before = timers();
  let given: AbortSignal | undefined;
  const work = async (signal: AbortSignal) => {
    given = signal;
    return 'done';
  };
  expect(await abortedBy(deadlineAfter(60_000), work)).toBe('done');
  expect(given?.aborted).toBe(false);
  expect(timers()).toBe(before);
});

test.each([5, -1000])('what is not is aborted, with %s ms left', async (ms) => {
  const work = async (signal: AbortSignal) => {
    await once(signal, 'abort');
    return signal.aborted;
  };
  expect(await abortedBy(deadlineAfter(ms), work)).toBe(true);
});
