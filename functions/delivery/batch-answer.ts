import type { DeliveredRecord } from './deliver.ts';
import type { BatchRecord } from './delivery-record.ts';

/** Answer of functions whose source takes failed records back one by one (`ReportBatchItemFailures`). */
export interface BatchAnswer<Identifier = string> {
  readonly batchItemFailures: { readonly itemIdentifier: Identifier }[];
}

/**
 * Names every record that is neither known to be stored nor let go, once each, in the order of the event. An empty list
 * means that the whole batch is done. Of a stream or a Kafka partition Lambda goes on from the earliest one named.
 */
export function batchAnswer<Identifier>(
  delivered: readonly DeliveredRecord<BatchRecord<Identifier>>[],
): BatchAnswer<Identifier> {
  // A record that became several messages is named once, whichever of them failed.
  const failed = new Set<Identifier>();
  for (const { record, outcome } of delivered) if (outcome.status === 'failed') failed.add(record.itemIdentifier);
  return { batchItemFailures: Array.from(failed, (itemIdentifier) => ({ itemIdentifier })) };
}
