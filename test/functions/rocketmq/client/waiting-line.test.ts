import { expect, test } from 'vitest';
import { InFlightWindow } from '../../../../functions/rocketmq/client/in-flight-window.ts';
import { WaitingLine } from '../../../../functions/rocketmq/client/waiting-line.ts';

const LONG_MS = 60_000;

/** A line in which so many wait, by number, and what became of each. */
function lineOf(count: number, timeoutMs: (number: number) => number) {
  const line = new WaitingLine();
  const entered: number[] = [];
  const keptOut: number[] = [];
  const settled = Array.from({ length: count }, (_, number) => {
    const listener = Promise.withResolvers<void>();
    line.add(
      {
        entered: () => {
          entered.push(number);
          listener.resolve();
        },
        keptOut: () => {
          keptOut.push(number);
          listener.resolve();
        },
      },
      timeoutMs(number),
    );
    return listener.promise;
  });
  return { line, entered, keptOut, settled };
}

test('lets out in the order in which they came, also those that come while others leave', () => {
  const { line, entered } = lineOf(5000, () => LONG_MS);
  for (let count = 0; count < 4000; count++) line.shift()?.entered();
  line.add({ entered: () => entered.push(5000), keptOut: () => undefined }, LONG_MS);
  while (!line.isEmpty) line.shift()?.entered();
  expect(entered).toEqual(Array.from({ length: 5001 }, (_, number) => number));
  expect(line.shift()).toBeUndefined();
});

test('those whose time is over leave it, wherever they stand, and the others keep their order', async () => {
  const isLate = (number: number) => number % 50_000 === 3;
  const { line, entered, keptOut, settled } = lineOf(200_000, (number) => (isLate(number) ? 5 : LONG_MS));
  line.shift()?.entered();
  await Promise.all(settled.filter((_, number) => isLate(number)));
  while (!line.isEmpty) line.shift()?.entered();
  expect(keptOut).toEqual([3, 50_003, 100_003, 150_003]);
  const patient = Array.from({ length: 200_000 }, (_, number) => number).filter((number) => !isLate(number));
  expect(entered).toEqual(patient);
});

test('one with less time than those before it waits no longer than that, and one with more is not told with it', async () => {
  const { keptOut, settled, line } = lineOf(3, (number) => [LONG_MS, 5, 40][number] ?? 0);
  await settled[1];
  expect(keptOut).toEqual([1]);
  await settled[2];
  expect(keptOut).toEqual([1, 2]);
  expect(line.isEmpty).toBe(false);
  line.shift()?.entered();
});

test('who was kept out may wait again at once', async () => {
  const line = new WaitingLine();
  const again = new Promise<void>((entered) => {
    line.add({ entered, keptOut: () => line.add({ entered, keptOut: () => undefined }, LONG_MS) }, 5);
    line.add({ entered, keptOut: () => line.shift()?.entered() }, 6);
  });
  await again;
  expect(line.isEmpty).toBe(true);
});

test('a hundred thousand that fail as soon as they are let in make room for each other', () => {
  const window = new InFlightWindow();
  while (window.tryEnter());
  let failed = 0;
  for (let count = 0; count < 100_000; count++) {
    const entered = () => {
      failed++;
      window.leave(false);
    };
    window.enter({ entered, keptOut: () => undefined }, LONG_MS);
  }
  window.leave(false);
  expect(failed).toBe(100_000);
});
