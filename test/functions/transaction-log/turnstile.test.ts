import { expect, test } from 'vitest';
import { Turnstile } from '../../../functions/transaction-log/turnstile.ts';

test('a turnstile lets so many run at a time, the others in their order, and each settles as its work does', async () => {
  const turnstile = new Turnstile(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const runs = ends.map(({ promise }, index) =>
    turnstile.run(() => {
      begun.push(index);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error('no'));
  await expect(runs[1]).rejects.toThrow('no');
  expect(begun).toEqual([0, 1, 2]);
  for (const [index, { resolve }] of ends.entries()) resolve(index);
  expect(await Promise.all([0, 2, 3, 4].map((index) => runs[index]))).toEqual([0, 2, 3, 4]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  expect(await turnstile.run(async () => 'free again')).toBe('free again');
});
