import { describe, expect, test } from 'vitest';
import { allSettled, deadlineAfter, earlierOf, settledBy } from '../../../functions/rocketmq/deadline.ts';

const never = new Promise<never>(() => undefined);

describe('a deadline', () => {
  test('so many milliseconds from now has no more than that left, and less later', async () => {
    const deadline = deadlineAfter(50);
    const first = deadline.remainingMs();
    expect(first).toBeLessThanOrEqual(50);
    await new Promise(setImmediate);
    expect(deadline.remainingMs()).toBeLessThan(first);
  });

  test('that has passed has zero or less left', () => {
    expect(deadlineAfter(0).remainingMs()).toBeLessThanOrEqual(0);
    expect(deadlineAfter(-5).remainingMs()).toBeLessThan(0);
  });

  test.each([
    ['text, as a variable of the environment is', '2000', 'of type string'],
    ['nothing, as of a setting that is absent', undefined, 'of type undefined'],
    ['no number', Number.NaN, 'NaN'],
  ])('is not made of %s: it would have passed at once', (_what, given, told) => {
    expect(() => deadlineAfter(given as number)).toThrow(
      `deadlineAfter: the time is ${told}, but must be a number of ms`,
    );
  });

  test('that is far enough is no limit', () => {
    expect(deadlineAfter(Number.POSITIVE_INFINITY).remainingMs()).toBe(Number.POSITIVE_INFINITY);
  });

  test('and a limit together end with the earlier of both, asked anew each time', () => {
    let remainingMs = 10_000;
    const both = earlierOf({ remainingMs: () => remainingMs }, 1000);
    expect(both.remainingMs()).toBeLessThanOrEqual(1000);
    expect(both.remainingMs()).toBeGreaterThan(0);
    remainingMs = -1;
    expect(both.remainingMs()).toBe(-1);
  });

  test('is the limit where none is given', () => {
    expect(earlierOf(undefined, 1000).remainingMs()).toBeLessThanOrEqual(1000);
  });
});

describe('waiting until a deadline', () => {
  const tooLate = () => new Error('too late');

  test('gives what the work gives, or fails as it fails', async () => {
    expect(await settledBy(Promise.resolve(7), deadlineAfter(60_000), tooLate)).toBe(7);
    await expect(settledBy(Promise.reject(new Error('own')), deadlineAfter(60_000), tooLate)).rejects.toThrow('own');
  });

  test('ends with the error made for it when the work does not settle', async () => {
    await expect(settledBy(never, deadlineAfter(5), tooLate)).rejects.toThrow('too late');
    await expect(settledBy(never, deadlineAfter(-5), tooLate)).rejects.toThrow('too late');
  });

  test('does not leave an unhandled rejection when the work fails afterwards', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { promise, reject } = Promise.withResolvers<never>();
    await expect(settledBy(promise, deadlineAfter(1), tooLate)).rejects.toThrow('too late');
    reject(new Error('afterwards'));
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  test('without an end waits for the work, and sets no timer that fires at once', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const waiting = settledBy(promise, { remainingMs: () => Number.POSITIVE_INFINITY }, tooLate);
    await new Promise(setImmediate);
    resolve(1);
    expect(await waiting).toBe(1);
  });
});

test('a failure is told when all of the work has settled, and of several the first in the order given', async () => {
  const last = Promise.withResolvers<void>();
  let isTold = false;
  const all = allSettled([last.promise, Promise.reject(new Error('second')), Promise.resolve()]);
  const told = all.catch((error) => {
    isTold = true;
    return error;
  });
  await new Promise(setImmediate);
  expect(isTold).toBe(false);
  last.reject(new Error('first'));
  expect(await told).toMatchObject({ message: 'first' });
});
