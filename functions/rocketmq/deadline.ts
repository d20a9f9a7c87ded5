import { monotonicMs } from './clock.ts';
import { OptionsError } from './errors.ts';

/**
 * When something has to be finished. One object an invocation, passed down to every lookup, connect and send, and asked
 * again at each stage. Monotonic: it must not be kept beyond the invocation it was made for.
 */
export interface Deadline {
  /** Milliseconds left; zero or less when it has passed. */
  remainingMs(): number;
}

/**
 * A deadline so many milliseconds from now.
 * @throws OptionsError for what is no number, as a variable of the environment is none: nothing would be in time for it.
 */
export function deadlineAfter(ms: number): Deadline {
  if (typeof ms !== 'number' || Number.isNaN(ms)) {
    const what = typeof ms === 'number' ? 'NaN' : `of type ${typeof ms}`;
    throw new OptionsError('deadlineAfter', [`the time is ${what}, but must be a number of ms`]);
  }
  return new FixedDeadline(monotonicMs() + ms);
}

/**
 * Refuses what is no deadline, such as an instant: it would fail where it is asked first, deep inside.
 * @param call what it was given to, as errors name it.
 * @returns the deadline.
 * @throws OptionsError
 */
export function checkedDeadline(call: string, deadline: Deadline): Deadline {
  if (typeof deadline?.remainingMs === 'function') return deadline;
  const howTo = 'give deadlineAfter(ms), or the deadline of the invocation';
  throw new OptionsError(call, [`"deadline" is no Deadline: ${howTo}`]);
}

/** The earlier of a deadline and another one, or so many milliseconds from now. */
export function earlierOf(deadline: Deadline | undefined, limit: Deadline | number): Deadline {
  const own = typeof limit === 'number' ? new FixedDeadline(monotonicMs() + limit) : limit;
  return deadline === undefined ? own : new EarlierDeadline(own, deadline);
}

/** A deadline so many milliseconds before another. */
export function earlierBy(deadline: Deadline, ms: number): Deadline {
  return { remainingMs: () => deadline.remainingMs() - ms };
}

// Classes, since each send has one, and an object with a function of its own would take four times the memory.
class FixedDeadline implements Deadline {
  readonly #endAt: number;

  /** @param endAt monotonic ms. */
  constructor(endAt: number) {
    this.#endAt = endAt;
  }

  remainingMs(): number {
    return this.#endAt - monotonicMs();
  }
}

class EarlierDeadline implements Deadline {
  readonly #own: Deadline;
  readonly #other: Deadline;

  constructor(own: Deadline, other: Deadline) {
    this.#own = own;
    this.#other = other;
  }

  remainingMs(): number {
    return Math.min(this.#own.remainingMs(), this.#other.remainingMs());
  }
}

/** More than this a timer takes for 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for something no longer than a deadline allows. What it waits for goes on, and is for those who still wait.
 * @throws what `makeError` makes, when the deadline passes first.
 */
export async function settledBy<T>(work: Promise<T>, deadline: Deadline, makeError: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const limitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, deadline.remainingMs()));
    timer = setTimeout(() => reject(makeError()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until all work has settled: nothing of it is under way then. @throws the first failure, in the order given. */
export async function allSettled(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

/**
 * One timer for many time limits, set to the earliest of them. What is due is told after a look at the sockets: timers come first in a
 * turn of the event loop, so after one that took long, of work of the application or for want of CPU, answers lie there that
 * were in time.
 */
export class EarliestTimer {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic ms. */
  #at = 0;
  #plan: NodeJS.Immediate | undefined;

  readonly #planCall = (): void => {
    this.#timer = undefined;
    this.#plan ??= setImmediate(this.#call);
  };

  readonly #call = (): void => {
    this.#plan = undefined;
    this.#onDue();
  };

  /** @param onDue called when the instant came that it was set to, or before, if that is farther than a timer goes: it sets the next one. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Has it due at an instant, unless it is so before. Both in monotonic ms. */
  set(at: number, now: number): void {
    if (this.#timer !== undefined && at >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    this.#timer = setTimeout(this.#planCall, Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(at - now))));
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#plan);
    this.#timer = undefined;
    this.#plan = undefined;
  }
}
