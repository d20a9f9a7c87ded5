import type { DeliveredRecord } from './deliver.ts';
import type { BatchRecord } from './delivery-record.ts';

/** Answer of functions whose source takes failed records back one by one (`ReportBatchItemFailures`). */
export interface BatchAnswer<Identifier = string> {
  readonly batchItemFailures: { readonly itemIdentifier: Identifier }[];
}

/**
 * Names every record that is not known to be stored, in the order of the event. An empty list means that the whole batch
 * is done. Of a stream or a Kafka partition Lambda goes on from the earliest one named.
 */
export function batchAnswer<Identifier>(
  delivered: readonly DeliveredRecord<BatchRecord<Identifier>>[],
): BatchAnswer<Identifier> {
  const failed = delivered.filter(({ outcome }) => outcome.status === 'failed');
  return { batchItemFailures: failed.map(({ record }) => ({ itemIdentifier: record.itemIdentifier })) };
}
