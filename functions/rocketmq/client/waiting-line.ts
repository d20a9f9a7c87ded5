import { monotonicMs } from '../clock.ts';
import { EarliestTimer } from '../deadline.ts';
import { DeadlineError } from '../errors.ts';

/** One who waits for room among the sends to a broker. */
interface Waiting {
  readonly enter: () => void;
  readonly fail: (error: DeadlineError) => void;
  /** Monotonic ms. */
  readonly until: number;
}

/** So many that left may stand before the first before the line is written anew. */
const MOST_GONE = 1024;

/**
 * Who waits for room, first come first served, each with a promise: what it does with its place it does in its own asynchronous
 * context, and not in the midst of what made room. One timer serves them all; there is none while nobody waits.
 */
export class WaitingLine {
  #line: (Waiting | undefined)[] = [];
  /** Where the first of those who wait stands. */
  #first = 0;
  readonly #timer = new EarliestTimer(() => this.#sweep());

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#first === this.#line.length;
  }

  /** Waits until it is let in. @throws DeadlineError when it is not in time */
  wait(timeoutMs: number): Promise<void> {
    const now = monotonicMs();
    const until = now + timeoutMs;
    this.#timer.set(until, now);
    return new Promise((enter, fail) => {
      this.#line.push({ enter, fail, until });
    });
  }

  /** Lets the first one in. */
  admit(): void {
    const first = this.#line[this.#first];
    if (first === undefined) return;
    this.#line[this.#first++] = undefined;
    if (this.isEmpty) this.#rest([]);
    else if (this.#first >= MOST_GONE && this.#first * 2 >= this.#line.length)
      this.#rest(this.#line.slice(this.#first));
    first.enter();
  }

  /** Who is left in the line. */
  #rest(line: (Waiting | undefined)[]): void {
    this.#line = line;
    this.#first = 0;
    if (line.length === 0) this.#timer.clear();
  }

  #sweep(): void {
    const now = monotonicMs();
    let nextAt = Number.POSITIVE_INFINITY;
    const left: Waiting[] = [];
    for (const waiting of this.#line) {
      if (waiting === undefined) continue;
      if (waiting.until > now) {
        left.push(waiting);
        nextAt = Math.min(nextAt, waiting.until);
      } else waiting.fail(new DeadlineError('send (too many are under way to this broker)', 0, 1));
    }
    this.#rest(left);
    if (left.length > 0) this.#timer.set(nextAt, now);
  }
}
