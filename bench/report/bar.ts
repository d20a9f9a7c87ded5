/** One thing that must hold, and what was measured. */
export interface Bar {
  readonly figure: string;
  readonly bar: string;
  readonly measured: string;
  /** `undefined` when a figure it needs was not measured. */
  readonly isMet: boolean | undefined;
}
