import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';

/** Figures of a run; what `--json` prints. */
export interface RunSummary {
  readonly cluster: 'embedded' | 'real';
  readonly source: string;
  readonly invocations: number;
  readonly records: number;
  /** Different messages read back from the broker. */
  readonly stored: number;
  /** Records that their source delivers again, all of a failed event among them, or that the caller was told of. */
  readonly reportedFailed: number;
  /** Records that the filter of a mapping left out. */
  readonly filtered: number;
  /** Records that a mapping let go. */
  readonly dropped: number;
  /** How many invocations failed as a whole, by the code of their error. */
  readonly failedInvocations: Readonly<Record<string, number>>;
  /** Messages read back whose id another one had already. */
  readonly duplicates: number;
  /** From the start of the process to the answer of its first invocation. */
  readonly coldMs: number;
  readonly warmMs: { readonly p50: number; readonly p99: number };
}

/** How many invocations of a run failed as a whole. */
export function failedInvocationsOf({ failedInvocations }: RunSummary): number {
  return Object.values(failedInvocations).reduce((sum, count) => sum + count, 0);
}

/** What came of a run, for people and for `--json`. */
export interface RunReport {
  readonly summary: RunSummary;
  /** Their bodies as they were sent, also where they are stored compressed. */
  readonly messages: readonly StoredMessage[];
  /** Ids of records that are neither stored nor reported. Must be empty. */
  readonly lost: readonly string[];
  /** What kept the event loop of the function alive after an answer. Must be empty. */
  readonly leftBehind: readonly string[];
}
