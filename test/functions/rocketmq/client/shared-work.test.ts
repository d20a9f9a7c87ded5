import { describe, expect, test } from 'vitest';
import { type Deadline, deadlineAfter } from '#rocketmq';
import { called, SharedWork } from '../../../../functions/rocketmq/client/shared-work.ts';

const late = () => new Error('late');
const soon = () => deadlineAfter(60_000);

/** Work that ends when it is told to, or fails when its deadline is up. */
function work() {
  const ends: PromiseWithResolvers<string>[] = [];
  const begin = (deadline: Deadline) => {
    const end = Promise.withResolvers<string>();
    ends.push(end);
    const timer = setTimeout(() => end.reject(new Error('out of time')), Math.max(1, deadline.remainingMs()));
    return end.promise.finally(() => clearTimeout(timer));
  };
  return { begin, ends };
}

describe('work that is shared', () => {
  test('is begun once for all who want it at the same time, and again for who comes later', async () => {
    const shared = new SharedWork<string>();
    const { begin, ends } = work();
    const both = [shared.run(soon(), begin, late), shared.run(soon(), begin, late)];
    expect({ begun: ends.length, isUnderWay: shared.isUnderWay }).toEqual({ begun: 1, isUnderWay: true });
    ends[0]?.resolve('done');
    expect(await Promise.all(both)).toEqual(['done', 'done']);
    expect(shared.isUnderWay).toBe(false);
    const third = shared.run(soon(), begin, late);
    ends[1]?.resolve('done again');
    expect(await third).toBe('done again');
  });

  test('is waited for by each no longer than its own deadline', async () => {
    const shared = new SharedWork<string>();
    const { begin, ends } = work();
    const patient = shared.run(soon(), begin, late);
    await expect(shared.run(deadlineAfter(30), begin, late)).rejects.toThrow('late');
    ends[0]?.resolve('done');
    expect(await patient).toBe('done');
    expect(ends).toHaveLength(1);
  });

  test('fails for all who wait when it fails', async () => {
    const shared = new SharedWork<string>();
    const { begin, ends } = work();
    const both = [shared.run(soon(), begin, late), shared.run(soon(), begin, late)];
    ends[0]?.reject(new Error('refused'));
    expect(await Promise.allSettled(both)).toMatchObject([
      { reason: { message: 'refused' } },
      { reason: { message: 'refused' } },
    ]);
    expect(ends).toHaveLength(1);
  });

  test('is begun anew by those who have time left when the time of the one who began it is up', async () => {
    const shared = new SharedWork<string>();
    const { begin, ends } = work();
    const hasty = shared.run(deadlineAfter(40), begin, late);
    const patient = [shared.run(soon(), begin, late), shared.run(soon(), begin, late)];
    await expect(hasty).rejects.toThrow('out of time');
    await expect.poll(() => ends.length).toBe(2);
    ends[1]?.resolve('done');
    expect(await Promise.all(patient)).toEqual(['done', 'done']);
  });
});

describe("a function of somebody else's", () => {
  test('is told to end a little before the deadline', async () => {
    const told = await called(async (deadline) => deadline.remainingMs(), { remainingMs: () => 1000 }, late);
    expect(told).toBe(980);
  });

  test('is not waited for beyond it', async () => {
    await expect(called(() => new Promise<never>(() => undefined), deadlineAfter(1), late)).rejects.toThrow('late');
  });
});
