import { expect, test } from 'vitest';
import { WaitingLine } from '../../../../functions/rocketmq/client/waiting-line.ts';
import { DeadlineError } from '../../../../functions/rocketmq/errors.ts';

const LONG_MS = 60_000;

/** A line in which so many wait, by number, and what became of each. */
function lineOf(count: number, timeoutMs: (number: number) => number) {
  const line = new WaitingLine();
  const entered: number[] = [];
  const keptOut: number[] = [];
  const settled = Array.from({ length: count }, (_, number) =>
    line.wait(timeoutMs(number)).then(
      () => entered.push(number),
      (error) => {
        expect(error).toBeInstanceOf(DeadlineError);
        keptOut.push(number);
      },
    ),
  );
  const admitAll = async () => {
    while (!line.isEmpty) line.admit();
    await Promise.all(settled);
  };
  return { line, entered, keptOut, settled, admitAll };
}

test('lets in in the order in which they came, also those that come while others leave', async () => {
  const { line, entered, settled, admitAll } = lineOf(5000, () => LONG_MS);
  for (let count = 0; count < 4000; count++) line.admit();
  settled.push(line.wait(LONG_MS).then(() => entered.push(5000)));
  await admitAll();
  expect(entered).toEqual(Array.from({ length: 5001 }, (_, number) => number));
  line.admit();
  expect(line.isEmpty).toBe(true);
});

test('those whose time is over leave it, wherever they stand, and the others keep their order', async () => {
  const isLate = (number: number) => number % 50_000 === 3;
  const { line, entered, keptOut, settled, admitAll } = lineOf(200_000, (number) => (isLate(number) ? 5 : LONG_MS));
  line.admit();
  await Promise.all(settled.filter((_, number) => isLate(number)));
  await admitAll();
  expect(keptOut).toEqual([3, 50_003, 100_003, 150_003]);
  const patient = Array.from({ length: 200_000 }, (_, number) => number).filter((number) => !isLate(number));
  expect(entered).toEqual(patient);
});

test('one with less time than those before it waits no longer than that, and the next one no longer than its own', async () => {
  const { line, keptOut, settled, admitAll } = lineOf(3, (number) => [LONG_MS, 5, 6][number] ?? 0);
  await Promise.all(settled.slice(1));
  expect(keptOut).toEqual([1, 2]);
  expect(line.isEmpty).toBe(false);
  await admitAll();
});

test('who is let in finds itself outside of what made room, which may be in the midst of something', async () => {
  const line = new WaitingLine();
  const order: string[] = [];
  const entering = line.wait(LONG_MS).then(() => order.push('entered'));
  line.admit();
  order.push('made room');
  await entering;
  expect(order).toEqual(['made room', 'entered']);
});
