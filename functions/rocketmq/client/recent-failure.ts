import type { Clock } from '../clock.ts';
import type { Deadline } from '../deadline.ts';
import { isUp } from './shared-work.ts';

/** So long what failed is not tried again. */
const REST_MS = 1000;

/**
 * What every send needs first, and what could not be had a moment ago: of the thousands of sends of an invocation, that come one
 * after the other, not each is to ask for it in vain. The next invocation asks again.
 */
export class RecentFailure {
  readonly #clock: Clock;
  #last: { readonly error: unknown; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tries, unless it failed a moment ago: then it fails as it did. @throws what the attempt fails with */
  async trying<T>(deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
    if (this.#last !== undefined) {
      const ageMs = this.#clock.now() - this.#last.at;
      if (ageMs >= 0 && ageMs < REST_MS) throw this.#last.error;
    }
    try {
      return await attempt();
    } catch (error) {
      // Of one that had no time nobody knows what it would have found.
      if (!isUp(deadline)) this.#last = { error, at: this.#clock.now() };
      throw error;
    }
  }

  /** Begins an invocation. */
  forget(): void {
    this.#last = undefined;
  }
}
