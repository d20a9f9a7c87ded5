import type { Deadline } from '#rocketmq';

/** Does work whose calls are aborted at the deadline. Its timer ends with the work, so that none is frozen. */
export async function abortedBy<T>(deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), Math.max(1, deadline.remainingMs()));
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
  }
}
