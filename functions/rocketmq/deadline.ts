/**
 * When something has to be finished. One object an invocation, passed down to every lookup, connect and send, and asked
 * again at each stage. Monotonic: it must not be kept beyond the invocation it was made for.
 */
export interface Deadline {
  /** Milliseconds left; zero or less when it has passed. */
  remainingMs(): number;
}

/** A deadline so many milliseconds from now. */
export function deadlineAfter(ms: number): Deadline {
  const endAt = performance.now() + ms;
  return { remainingMs: () => endAt - performance.now() };
}

/** The earlier of a deadline and so many milliseconds from now. */
export function earlierOf(deadline: Deadline | undefined, ms: number): Deadline {
  const own = deadlineAfter(ms);
  if (deadline === undefined) return own;
  return { remainingMs: () => Math.min(own.remainingMs(), deadline.remainingMs()) };
}
