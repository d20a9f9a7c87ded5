import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { monotonicMs } from '../../../../functions/rocketmq/clock.ts';
import { RemotingTimeoutError } from '../../../../functions/rocketmq/errors.ts';
import type { RemotingCommand } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { ResponseTable } from '../../../../functions/rocketmq/remoting/response-table.ts';

const answerTo = (opaque: number): RemotingCommand => ({
  code: 0,
  language: 0,
  version: 513,
  opaque,
  flag: 1,
  remark: undefined,
  extFields: {},
  body: Buffer.alloc(0),
});

/** Waits with a promise. */
function add(table: ResponseTable, opaque: number, timeoutMs: number): Promise<RemotingCommand> {
  return new Promise((resolve, reject) =>
    table.add(opaque, timeoutMs, 1, { startedAt: monotonicMs(), answered: resolve, failed: reject }),
  );
}

/** A table that notes what it reports. */
function tableWithNotes() {
  const notes: string[] = [];
  const table = new ResponseTable(
    '127.0.0.1:1',
    () => notes.push('idle'),
    () => notes.push('timeout'),
  );
  return { table, notes };
}

test('requests with different limits all time out, and the table is idle once', async () => {
  const { table, notes } = tableWithNotes();
  const timedOut = new Set<number>();
  const limits = [60, 20, 40, 30];
  const waits = limits.map((timeoutMs, opaque) => add(table, opaque, timeoutMs).catch(() => timedOut.add(opaque)));
  await Promise.all(waits);
  expect(timedOut).toEqual(new Set([0, 1, 2, 3]));
  expect(notes).toEqual(['timeout', 'timeout', 'timeout', 'timeout', 'idle']);
  expect(table.size).toBe(0);
});

test('a request added later with a shorter limit does not wait for the limit of an earlier one', async () => {
  const { table } = tableWithNotes();
  const patient = add(table, 1, 60_000);
  await expect(add(table, 2, 10)).rejects.toBeInstanceOf(RemotingTimeoutError);
  table.settle(answerTo(1));
  expect((await patient).opaque).toBe(1);
});

test('an answer to a request that timed out is reported as nobody’s', async () => {
  const { table } = tableWithNotes();
  await expect(add(table, 1, 1)).rejects.toMatchObject({ opaque: 1, addr: '127.0.0.1:1', outcome: 'unknown' });
  expect(table.settle(answerTo(1))).toBe(false);
});

test('a limit beyond what a timer can hold does not become a timer of a millisecond', async () => {
  const { table } = tableWithNotes();
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on('warning', note);
  const waiting = add(table, 1, Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  table.settle(answerTo(1));
  await waiting;
  process.off('warning', note);
  expect(warnings).toEqual([]);
});

test('a request that waits for long keeps its opaque to itself, however many come and go beside it', async () => {
  const { table } = tableWithNotes();
  const patient = table.takeOpaque();
  const waiting = add(table, patient, 60_000);
  for (let round = 0; round < 1_000; round++) {
    const opaque = table.takeOpaque();
    expect(opaque).not.toBe(patient);
    const answer = add(table, opaque, 60_000);
    expect(table.settle(answerTo(opaque))).toBe(true);
    expect((await answer).opaque).toBe(opaque);
  }
  expect(table.size).toBe(1);
  expect(table.settle(answerTo(patient))).toBe(true);
  expect((await waiting).opaque).toBe(patient);
});

test('a late answer is not taken for that to a newer request, whatever the opaques have in common', async () => {
  const { table } = tableWithNotes();
  const late = table.takeOpaque();
  const opaques = Array.from({ length: 500 }, () => {
    const opaque = table.takeOpaque();
    return { opaque, answer: add(table, opaque, 60_000) };
  });
  expect(table.settle(answerTo(late))).toBe(false);
  expect(table.settle(answerTo(late + 4_096))).toBe(false);
  expect(table.size).toBe(500);
  for (const { opaque } of opaques) expect(table.settle(answerTo(opaque))).toBe(true);
  expect((await Promise.all(opaques.map(({ answer }) => answer))).map(({ opaque }) => opaque)).toEqual(
    opaques.map(({ opaque }) => opaque),
  );
});

test('who is told that time is up may ask again at once, and what else waits keeps its own limit', async () => {
  const { table, notes } = tableWithNotes();
  const again = new Promise<unknown>((failed) => {
    const startedAt = monotonicMs();
    const retry = {
      startedAt,
      answered: failed,
      failed: () => table.add(2, 60_000, 1, { startedAt: monotonicMs(), answered: failed, failed }),
    };
    table.add(0, 1, 1, retry);
  });
  await expect(add(table, 1, 40)).rejects.toBeInstanceOf(RemotingTimeoutError);
  expect(table.size).toBe(1);
  table.settle(answerTo(2));
  expect(await again).toMatchObject({ opaque: 2 });
  expect(notes).toEqual(['timeout', 'timeout']);
});
