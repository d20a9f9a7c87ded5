import { describe, expect, test } from 'vitest';
import { type DueTask, DueWork } from '../../../../functions/rocketmq/client/due-work.ts';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { GivenClock } from '../remoting/given-clock.ts';

const deadline = deadlineAfter(60_000);

/** Due work with one task of 30 s, whose runs are counted and go as `run` says. */
function oneTask(run: DueTask['run'] = () => undefined) {
  const clock = new GivenClock();
  const runs: number[] = [];
  const task: DueTask = {
    name: 'task',
    periodMs: () => 30_000,
    run: (by) => {
      runs.push(clock.now());
      return run(by);
    },
  };
  return { clock, runs, dueWork: new DueWork(clock, [task]) };
}

async function runDue(dueWork: DueWork): Promise<void> {
  dueWork.start(deadline);
  await dueWork.finished();
}

describe('a task', () => {
  test('is not due before its period has passed, and is then, by wall clock', async () => {
    const { clock, runs, dueWork } = oneTask();
    await runDue(dueWork);
    clock.advance(29_999);
    expect(dueWork.isAnyDue).toBe(false);
    await runDue(dueWork);
    expect(runs.length).toBe(0);
    clock.advance(1);
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    expect(runs.length).toBe(1);
    expect(dueWork.isAnyDue).toBe(false);
  });

  test('that was due for hours runs once, not once for each period missed', async () => {
    const { clock, runs, dueWork } = oneTask();
    clock.advance(36_000_000);
    await runDue(dueWork);
    await runDue(dueWork);
    expect(runs.length).toBe(1);
  });

  test('is due when the clock went backwards since it ran', async () => {
    const { clock, runs, dueWork } = oneTask();
    clock.advance(30_000);
    await runDue(dueWork);
    clock.advance(-3_600_000);
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    expect(runs.length).toBe(2);
    expect(dueWork.isAnyDue).toBe(false);
  });

  test('is due when the clock went backwards before it ever ran', async () => {
    const { clock, runs, dueWork } = oneTask();
    clock.advance(-3_600_000);
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    expect(runs.length).toBe(1);
  });

  test('does not wait for others that are due later, nor for a clock to go back as far as their last runs', async () => {
    const clock = new GivenClock();
    const runs: string[] = [];
    const task = (name: string, periodMs: number): DueTask => ({
      name,
      periodMs: () => periodMs,
      run: () => {
        runs.push(name);
      },
    });
    const dueWork = new DueWork(clock, [task('seldom', 60_000), task('often', 10_000)]);
    clock.advance(10_000);
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    clock.advance(-5_000);
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    expect(runs).toEqual(['often', 'often']);
  });

  test('runs once at a time, however often it is started', async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, runs, dueWork } = oneTask(() => gate.promise);
    clock.advance(30_000);
    dueWork.start(deadline);
    clock.advance(30_000);
    dueWork.start(deadline);
    dueWork.makeDue('task');
    dueWork.start(deadline);
    expect(runs.length).toBe(1);
    gate.resolve();
    await dueWork.finished();
    await runDue(dueWork);
    expect(runs.length).toBe(2);
  });

  test('that fails is due again after five seconds, with its error in the report, and rejects nowhere', async () => {
    let error: unknown = new Error('no broker');
    const { clock, runs, dueWork } = oneTask(() => (error === undefined ? undefined : Promise.reject(error)));
    clock.advance(30_000);
    await runDue(dueWork);
    expect(dueWork.report()).toMatchObject([{ name: 'task', runs: 1, failures: 1, lastError: 'no broker' }]);
    clock.advance(4999);
    expect(dueWork.isAnyDue).toBe(false);
    clock.advance(1);
    expect(dueWork.isAnyDue).toBe(true);
    error = undefined;
    await runDue(dueWork);
    expect(runs.length).toBe(2);
    expect(dueWork.report()).toMatchObject([{ runs: 2, failures: 1, lastError: undefined, lastRunAt: clock.now() }]);
    clock.advance(5000);
    expect(dueWork.isAnyDue).toBe(false);
  });

  test('that throws at once, or something that is no error, is recorded the same way', async () => {
    const { clock, dueWork } = oneTask(() => {
      throw 'plain text';
    });
    clock.advance(30_000);
    await runDue(dueWork);
    expect(dueWork.report()).toMatchObject([{ failures: 1, lastError: 'plain text' }]);
  });

  test('with a period of infinity never runs by itself', async () => {
    const clock = new GivenClock();
    let runs = 0;
    const task = {
      name: 'never',
      periodMs: () => Number.POSITIVE_INFINITY,
      note: 'nothing to do',
      run: () => void runs++,
    };
    const dueWork = new DueWork(clock, [task]);
    clock.advance(1e12);
    await runDue(dueWork);
    expect(runs).toBe(0);
    expect(dueWork.report()).toMatchObject([{ runs: 0, lastRunAt: undefined, note: 'nothing to do' }]);
    dueWork.makeDue('never');
    await runDue(dueWork);
    expect(runs).toBe(1);
  });

  test('gets the deadline it was started with', async () => {
    let given: unknown;
    const { clock, dueWork } = oneTask((by) => {
      given = by;
    });
    clock.advance(30_000);
    await runDue(dueWork);
    expect(given).toBe(deadline);
  });

  test('done on its own is due a period later', async () => {
    const { clock, runs, dueWork } = oneTask();
    clock.advance(20_000);
    dueWork.markDone('task');
    clock.advance(29_999);
    await runDue(dueWork);
    expect(runs.length).toBe(0);
    clock.advance(1);
    await runDue(dueWork);
    expect(runs.length).toBe(1);
  });

  test('made due runs with the next start, and is due a period after that', async () => {
    const { clock, runs, dueWork } = oneTask();
    clock.advance(10_000);
    dueWork.makeDue('task');
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    expect(runs.length).toBe(1);
    clock.advance(29_999);
    expect(dueWork.isAnyDue).toBe(false);
    clock.advance(1);
    expect(dueWork.isAnyDue).toBe(true);
  });

  test('made due in the midst of its run is due again after it', async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, runs, dueWork } = oneTask(() => gate.promise);
    clock.advance(30_000);
    dueWork.start(deadline);
    dueWork.makeDue('task');
    gate.resolve();
    await dueWork.finished();
    expect(dueWork.isAnyDue).toBe(true);
    await runDue(dueWork);
    expect(runs.length).toBe(2);
  });
});

test('a failing task does not keep the others from running', async () => {
  const clock = new GivenClock();
  const ran: string[] = [];
  const periodMs = () => 1000;
  const dueWork = new DueWork(clock, [
    { name: 'bad', periodMs, run: () => Promise.reject(new Error('bad')) },
    { name: 'good', periodMs, run: () => void ran.push('good') },
  ]);
  clock.advance(1000);
  await runDue(dueWork);
  expect(ran).toEqual(['good']);
});

test('the period is asked for anew at each run, so that jitter differs from run to run', async () => {
  const clock = new GivenClock();
  const periods = [1000, 2000, 500];
  let ran = 0;
  const task = { name: 'jittered', periodMs: () => periods.shift() ?? 1, run: () => void ran++ };
  const dueWork = new DueWork(clock, [task]);
  clock.advance(1000);
  await runDue(dueWork);
  clock.advance(1999);
  await runDue(dueWork);
  expect(ran).toBe(1);
  clock.advance(1);
  await runDue(dueWork);
  expect(ran).toBe(2);
});
