import { RocketMQError } from '#rocketmq';
import type { RecordOutcome } from '../delivery/record-outcome.ts';
import { logger } from './logger.ts';

/** Failed records of one kind that have a line each. */
const MOST_FAILURES_LOGGED = 50;
/** Ids that one line has of records without a line of their own; CloudWatch takes lines of 256 KB. */
const MOST_IDS_LOGGED = 500;
/** Ids of filtered records that the line of an invocation tells. */
const MOST_FILTERED_LOGGED = 20;

/** Failures that people filter for together. */
interface FailureKind extends Pick<RocketMQError, 'code' | 'outcome' | 'retryable'> {
  /** Code of the error that led to this one, where that is one of the client's too: of a send, what ended it after its attempts. */
  readonly cause?: string;
}

interface Failures {
  readonly kind: FailureKind;
  count: number;
  /** Ids of those without a line of their own. */
  readonly untold: string[];
}

/**
 * Logs the records of one invocation that are not stored: of each kind the first ones with a line of their own, all
 * others together by their ids. Of 10,000 records that no time was left for, as many lines would take longer than the
 * reserve that is kept for the answer. Dropped records have a line each, since nothing else tells of them again.
 */
export class RecordLog {
  readonly #failures = new Map<string, Failures>();
  readonly #filtered: string[] = [];
  readonly #requestId: string;

  /** @param requestId of the invocation. */
  constructor(requestId: string) {
    this.#requestId = requestId;
  }

  record(recordId: string, outcome: RecordOutcome): void {
    if (outcome.status === 'filtered') this.#filtered.push(recordId);
    else if (outcome.status === 'dropped') logger.warn('a record was dropped', this.#factsOf(recordId, outcome.error));
    else if (outcome.status === 'failed') this.#recordFailure(recordId, outcome.error);
  }

  /** Logs what has no line yet. */
  end(): void {
    for (const { kind, untold } of this.#failures.values()) {
      for (let from = 0; from < untold.length; from += MOST_IDS_LOGGED) {
        const recordIds = untold.slice(from, from + MOST_IDS_LOGGED);
        const facts = { ...kind, records: recordIds.length, recordIds, function_request_id: this.#requestId };
        logger.error('more records were not stored', facts);
      }
    }
    if (this.#filtered.length === 0) return;
    const facts = { count: this.#filtered.length, recordIds: this.#filtered.slice(0, MOST_FILTERED_LOGGED) };
    logger.info('records were filtered', { ...facts, function_request_id: this.#requestId });
  }

  #recordFailure(recordId: string, error: RocketMQError): void {
    const kind = kindOf(error);
    const name = JSON.stringify(kind);
    const failures = this.#failures.get(name) ?? { kind, count: 0, untold: [] };
    this.#failures.set(name, failures);
    if (++failures.count > MOST_FAILURES_LOGGED) failures.untold.push(recordId);
    else logger.error('a record was not stored', this.#factsOf(recordId, error));
  }

  #factsOf(recordId: string, error: RocketMQError) {
    const { message: reason } = error;
    return { records: 1, recordId, ...kindOf(error), reason, function_request_id: this.#requestId };
  }
}

function kindOf({ code, outcome, retryable, cause }: RocketMQError): FailureKind {
  return { code, ...(cause instanceof RocketMQError && { cause: cause.code }), outcome, retryable };
}
