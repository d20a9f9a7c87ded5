import type { DueTaskReport } from '#rocketmq';

/** What the function for schedules answers: each task of the due work, and what it did last. */
export interface DueWorkAnswer {
  readonly dueWork: readonly Pick<DueTaskReport, 'name' | 'runs' | 'failures' | 'lastRunAt' | 'lastError'>[];
}

/** A task of the due work failed at its last run. Thrown, so that the failure counts as one of the function. */
export class DueWorkError extends Error {
  readonly code = 'ROCKETMQ_DUE_WORK';

  constructor(failed: readonly { readonly name: string; readonly lastError: string }[]) {
    super(`due work failed: ${failed.map(({ name, lastError }) => `${name}: ${lastError}`).join('; ')}`);
    this.name = this.code;
  }
}

/** @throws DueWorkError when the last run of a task failed. */
export function dueWorkAnswer(reports: readonly DueTaskReport[]): DueWorkAnswer {
  const failed = reports.flatMap(({ name, lastError }) => (lastError === undefined ? [] : [{ name, lastError }]));
  if (failed.length > 0) throw new DueWorkError(failed);
  return {
    dueWork: reports.map(({ name, runs, failures, lastRunAt, lastError }) => ({
      name,
      runs,
      failures,
      lastRunAt,
      lastError,
    })),
  };
}
