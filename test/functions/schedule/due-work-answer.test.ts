import { expect, test } from 'vitest';
import type { DueTaskReport } from '#rocketmq';
import { dueWorkAnswer } from '../../../functions/schedule/due-work-answer.ts';

const report: DueTaskReport = {
  name: 'fetchNameServerAddr',
  periodMs: 120_000,
  runs: 3,
  failures: 1,
  lastRunAt: 1793178000000,
  lastMs: 4,
  lastError: undefined,
  note: undefined,
};

test('the answer has each task with its runs, and says nothing of errors that are over', () => {
  const { name, runs, failures, lastRunAt, lastError } = report;
  expect(dueWorkAnswer([report])).toEqual({ dueWork: [{ name, runs, failures, lastRunAt, lastError }] });
});

test('a task that failed at its last run is thrown, with a name', () => {
  const failing = { ...report, lastError: 'connection refused' };
  const answer = () => dueWorkAnswer([report, failing]);
  expect(answer).toThrow('due work failed: fetchNameServerAddr: connection refused');
  expect(answer).toThrow(expect.objectContaining({ name: 'ROCKETMQ_DUE_WORK', code: 'ROCKETMQ_DUE_WORK' }));
});
