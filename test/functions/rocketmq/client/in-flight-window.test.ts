import { describe, expect, test } from 'vitest';
import { InFlightWindow } from '../../../../functions/rocketmq/client/in-flight-window.ts';
import { DeadlineError } from '../../../../functions/rocketmq/errors.ts';

const LONG_MS = 60_000;

/** Takes every place that is free now. */
function fill(window: InFlightWindow): number {
  let count = 0;
  while (window.tryEnter()) count++;
  return count;
}

describe('the in-flight window', () => {
  test('lets as many sends in as it has places, and no more', () => {
    const window = new InFlightWindow();
    expect(fill(window)).toBe(window.size);
    expect(window.tryEnter()).toBe(false);
    window.leave(false);
    expect(window.tryEnter()).toBe(true);
  });

  test('grows by one for each window full of successes, up to its largest size', () => {
    const window = new InFlightWindow();
    const first = window.size;
    for (let success = 0; success < first; success++) {
      window.tryEnter();
      window.leave(false);
    }
    expect(window.size).toBe(first + 1);
    for (let success = 0; success < 1024 * 1024; success++) {
      window.tryEnter();
      window.leave(false);
    }
    expect(window.size).toBe(1024);
  });

  test('halves when the broker is busy, and never closes', () => {
    const window = new InFlightWindow();
    const sizes = [256, 128, 64, 32, 16, 8, 4, 2, 1, 1];
    for (const size of sizes) {
      expect(window.size).toBe(size);
      window.tryEnter();
      window.leave(true);
    }
    expect(window.tryEnter()).toBe(true);
  });

  test('halves once for all sends that were under way together, and again for one begun after them', () => {
    const window = new InFlightWindow();
    const together = fill(window);
    for (let left = together; left > 0; left--) window.leave(true);
    expect(window.size).toBe(128);
    window.tryEnter();
    window.leave(true);
    expect(window.size).toBe(64);
  });

  test('counts successes anew after each change of its size', () => {
    const window = new InFlightWindow();
    const succeed = (times: number) => {
      for (let success = 0; success < times; success++) {
        window.tryEnter();
        window.leave(false);
      }
      return window.size;
    };
    succeed(200);
    window.tryEnter();
    window.leave(true);
    expect([succeed(127), succeed(1), succeed(128), succeed(1)]).toEqual([128, 129, 129, 130]);
  });

  test('lets nobody in while more are under way than it has places after halving', () => {
    const window = new InFlightWindow();
    fill(window);
    window.leave(true);
    for (let left = 255; left > 128; left--) {
      expect(window.tryEnter()).toBe(false);
      window.leave(false);
    }
    window.leave(false);
    expect(window.tryEnter()).toBe(true);
  });

  test('queues what comes beyond it, in order', async () => {
    const window = new InFlightWindow();
    fill(window);
    const entered: number[] = [];
    const waits = [1, 2, 3].map(async (send) => {
      await window.enter(LONG_MS);
      entered.push(send);
    });
    window.leave(false);
    window.leave(false);
    await Promise.all(waits.slice(0, 2));
    expect(entered).toEqual([1, 2]);
    expect(window.tryEnter()).toBe(false);
    window.leave(false);
    await Promise.all(waits);
    expect(entered).toEqual([1, 2, 3]);
  });

  test('gives up for a send whose time is over, which then takes no place', async () => {
    const window = new InFlightWindow();
    fill(window);
    const late = window.enter(5);
    const patient = window.enter(LONG_MS);
    await expect(late).rejects.toBeInstanceOf(DeadlineError);
    await expect(late).rejects.toMatchObject({ outcome: 'notSent', retryable: true });
    window.leave(false);
    await patient;
    window.leave(false);
    expect(window.tryEnter()).toBe(true);
    expect(window.tryEnter()).toBe(false);
  });
});
