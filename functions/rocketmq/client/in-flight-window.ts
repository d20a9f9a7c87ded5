import { WaitingLine } from './waiting-line.ts';

const LARGEST = 1024;
const FIRST = 256;

/**
 * How many sends may be under way to one broker: back-pressure in place of Java's thread pools (`adjustThreadPool`). It
 * grows by one for each window full of successes, and halves when the broker is busy or does not answer.
 */
export class InFlightWindow {
  #limit = FIRST;
  #inFlight = 0;
  #successes = 0;
  #sendCount = 0;
  /** Sends that were under way when the window was halved: they tell of the same load, and halve it no further. */
  #toldAlready = 0;
  readonly #line = new WaitingLine();

  /** Sends that may be under way at once, now. */
  get size(): number {
    return this.#limit;
  }

  /** Sends begun so far, with and without an answer wanted. */
  get sends(): number {
    return this.#sendCount;
  }

  /** Counts a send that takes no place, because no answer to it is waited for. */
  countOneway(): void {
    this.#sendCount++;
  }

  /** Whether a place is free at once; takes it when it is. */
  tryEnter(): boolean {
    if (this.#inFlight >= this.#limit) return false;
    this.#inFlight++;
    this.#sendCount++;
    return true;
  }

  /**
   * Waits for a place.
   * @throws DeadlineError when none came free in time.
   */
  enter(timeoutMs: number): Promise<void> {
    return this.tryEnter() ? Promise.resolve() : this.#line.wait(Math.max(1, timeoutMs));
  }

  /** Gives a place back. `isBusy`: the broker refused for load, or did not answer. */
  leave(isBusy: boolean): void {
    this.#inFlight--;
    if (this.#toldAlready > 0) this.#toldAlready--;
    else if (isBusy) {
      this.#limit = Math.max(1, this.#limit >> 1);
      this.#successes = 0;
      this.#toldAlready = this.#inFlight;
    } else if (++this.#successes >= this.#limit && this.#limit < LARGEST) {
      this.#limit++;
      this.#successes = 0;
    }
    while (!this.#line.isEmpty && this.tryEnter()) this.#line.admit();
  }
}
