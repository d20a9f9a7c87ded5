import type { RecordOutcome } from '../delivery/record-outcome.ts';
import { logger } from './logger.ts';

/** Failed records of one error code that are logged one by one; the rest are counted. */
const MOST_FAILURES_LOGGED = 50;
/** Ids of filtered records that the line of an invocation tells. */
const MOST_IDS_LOGGED = 20;

/**
 * Logs the records of one invocation that are not stored: of each error code the first ones with a line of their own, all others with
 * one line. Of 10,000 records that no time was left for, as many lines would take longer than the reserve that is kept for
 * the answer. Dropped records have a line each, since nothing else tells of them again.
 */
export class RecordLog {
  private readonly failures = new Map<string, number>();
  private readonly filtered: string[] = [];
  private readonly requestId: string;

  /** @param requestId of the invocation. */
  constructor(requestId: string) {
    this.requestId = requestId;
  }

  record(recordId: string, outcome: RecordOutcome): void {
    if (outcome.status === 'filtered') this.filtered.push(recordId);
    if (outcome.status !== 'failed' && outcome.status !== 'dropped') return;
    const { code, outcome: sent, retryable, message: reason } = outcome.error;
    const facts = { recordId, code, outcome: sent, retryable, reason, function_request_id: this.requestId };
    if (outcome.status === 'dropped') {
      logger.warn('a record was dropped', facts);
      return;
    }
    const count = (this.failures.get(code) ?? 0) + 1;
    this.failures.set(code, count);
    if (count <= MOST_FAILURES_LOGGED) logger.error('a record was not stored', facts);
  }

  /** Logs what was only counted. */
  end(): void {
    for (const [code, count] of this.failures) {
      if (count <= MOST_FAILURES_LOGGED) continue;
      const facts = { code, count: count - MOST_FAILURES_LOGGED, function_request_id: this.requestId };
      logger.error('more records were not stored', facts);
    }
    if (this.filtered.length === 0) return;
    const facts = { count: this.filtered.length, recordIds: this.filtered.slice(0, MOST_IDS_LOGGED) };
    logger.info('records were filtered', { ...facts, function_request_id: this.requestId });
  }
}
