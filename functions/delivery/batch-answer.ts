import type { DeliveredRecord } from './deliver.ts';

/** Answer of functions whose source takes failed records back one by one (`ReportBatchItemFailures`). */
export interface BatchAnswer {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/** Names every record that is not known to be stored. An empty list means that the whole batch is done. */
export function batchAnswer(delivered: readonly DeliveredRecord[]): BatchAnswer {
  const failed = delivered.filter(({ outcome }) => outcome.status === 'failed');
  return { batchItemFailures: failed.map(({ record }) => ({ itemIdentifier: record.id })) };
}
