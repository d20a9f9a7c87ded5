import type { ContenderPlan } from '../contenders/contender.ts';
import type { Peers } from '../peers.ts';

/** What every part of the bench is given. */
export interface BenchContext {
  /** The form that only checks that everything works: embedded cluster, no peers, hardly any repetition. */
  readonly isShort: boolean;
  /** Wait for a calm machine, and repeat rounds that were disturbed. */
  readonly isPatient: boolean;
  readonly rounds: number;
  readonly roundMs: number;
  /** Sends in flight to measure; `undefined` for all. */
  readonly windows: readonly number[] | undefined;
  /** `undefined` in the short form. */
  readonly peers: Peers | undefined;
  readonly contenders: readonly ContenderPlan[];
  /** Tells people what is going on. */
  readonly progress: (line: string) => void;
}
