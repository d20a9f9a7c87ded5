/** Where instants come from. Wall clock, because ages must grow while the process is frozen; tests give their own. */
export interface Clock {
  /** Epoch ms. May jump, also backwards. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Milliseconds, with fractions, since some instant in the past; to tell how long something took. It never goes back, and grows while
 * the process is frozen. As `performance.now()`, which at its first use loads eight modules of Node: 1 to 2 ms of a cold start.
 */
export function monotonicMs(): number {
  const time = process.hrtime();
  return time[0] * 1e3 + time[1] / 1e6;
}
