import { expect, test } from 'vitest';
import { Turnstile } from '../../../functions/transaction-log/turnstile.ts';

const inTime = { remainingMs: () => 1000 };

test('a turnstile lets so many run at a time, the others in their order, and each settles as its work does', async () => {
  const turnstile = new Turnstile(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const runs = ends.map(({ promise }, index) =>
    turnstile.run(() => {
      begun.push(index);
      return promise;
    }, inTime),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error('no'));
  await expect(runs[1]).rejects.toThrow('no');
  expect(begun).toEqual([0, 1, 2]);
  for (const [index, { resolve }] of ends.entries()) resolve(index);
  expect(await Promise.all([0, 2, 3, 4].map((index) => runs[index]))).toEqual([0, 2, 3, 4]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(await turnstile.run(async () => 'free again', inTime)).toBe('free again');
});

test('a work whose time was up before its turn is not begun, and those behind it come at once', async () => {
  const turnstile = new Turnstile(1);
  const first = Promise.withResolvers<string>();
  let remainingMs = 20_000;
  const running = turnstile.run(() => first.promise, inTime);
  const late = Array.from({ length: 3 }, () =>
    turnstile.run(() => Promise.reject(new Error('begun')), { remainingMs: () => remainingMs }),
  );
  const behind = turnstile.run(async () => 'behind', inTime);
  remainingMs = 0;
  first.resolve('first');
  expect(await running).toBe('first');
  for (const work of late) await expect(work).rejects.toMatchObject({ code: 'ROCKETMQ_DEADLINE' });
  expect(await behind).toBe('behind');
});
