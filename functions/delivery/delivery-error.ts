import { OrderBlockedError, type RocketMQError } from '#rocketmq';
import type { DeliveredRecord } from './deliver.ts';

/** Records told of in the message; the log has all of them. */
const MOST_TOLD = 5;

/**
 * Some records of an event are not stored, and its source takes back whole events only. `code`, which is the name that
 * Lambda reports and Step Functions match, is `ROCKETMQ_DELIVERY_FAILED` when a retry can help at least one of them,
 * and `ROCKETMQ_DELIVERY_PERMANENT` when it can help none.
 */
export class DeliveryError extends Error {
  readonly code: 'ROCKETMQ_DELIVERY_FAILED' | 'ROCKETMQ_DELIVERY_PERMANENT';
  readonly retryable: boolean;

  constructor(failed: readonly { readonly id: string; readonly error: RocketMQError }[], total: number) {
    const told = failed.slice(0, MOST_TOLD).map(({ id, error }) => `${id}: ${error.code}: ${error.message}`);
    if (failed.length > MOST_TOLD) told.push(`and ${failed.length - MOST_TOLD} more`);
    super(`${failed.length} of ${total} records were not stored: ${told.join('; ')}`, { cause: failed[0]?.error });
    // What only stands behind another record of its key can be stored when that one can.
    this.retryable = failed.some(({ error }) => error.retryable && !(error instanceof OrderBlockedError));
    this.code = this.retryable ? 'ROCKETMQ_DELIVERY_FAILED' : 'ROCKETMQ_DELIVERY_PERMANENT';
    this.name = this.code;
  }
}

/**
 * For sources that deliver a whole event again when the function throws. What is stored already is then stored again,
 * under the same message ids.
 * @throws DeliveryError when a record is not known to be stored.
 */
export function throwIfAnyFailed(delivered: readonly DeliveredRecord[]): void {
  const failed = delivered.flatMap(({ record, outcome }) =>
    outcome.status === 'failed' ? [{ id: record.id, error: outcome.error }] : [],
  );
  if (failed.length > 0) throw new DeliveryError(failed, delivered.length);
}
