/** Where instants come from. Wall clock, because ages must grow while the process is frozen; tests give their own. */
export interface Clock {
  /** Epoch ms. May jump, also backwards. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
