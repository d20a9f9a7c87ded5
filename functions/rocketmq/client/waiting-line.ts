import { monotonicMs } from '../clock.ts';
import { EarliestTimer } from '../deadline.ts';
import { DeadlineError } from '../errors.ts';

/** What waits for room among the sends to a broker. Exactly one of the two is called, once, and neither may throw. */
export interface RoomListener {
  /** It has a place now. */
  entered(): void;
  /** None came free in time. */
  keptOut(error: DeadlineError): void;
}

interface Waiting {
  readonly listener: RoomListener;
  /** Monotonic ms. */
  readonly until: number;
}

/** So many that left may stand before the first before the line is written anew. */
const MOST_GONE = 1024;

/**
 * Who waits for room, first come first served. Listeners and one timer for all of them: a promise and a timer for each would
 * double what a send costs. There is no timer while nobody waits.
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

  /** Waits for its turn, for so long. */
  add(listener: RoomListener, timeoutMs: number): void {
    const now = monotonicMs();
    const until = now + timeoutMs;
    this.#line.push({ listener, until });
    this.#timer.set(until, now);
  }

  /** Takes out the first one. */
  shift(): RoomListener | undefined {
    const first = this.#line[this.#first];
    if (first === undefined) return undefined;
    this.#line[this.#first++] = undefined;
    if (this.isEmpty) this.#rest([]);
    else if (this.#first >= MOST_GONE && this.#first * 2 >= this.#line.length)
      this.#rest(this.#line.slice(this.#first));
    return first.listener;
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
    const overdue: Waiting[] = [];
    const left: Waiting[] = [];
    for (const waiting of this.#line) {
      if (waiting === undefined) continue;
      if (waiting.until > now) {
        left.push(waiting);
        nextAt = Math.min(nextAt, waiting.until);
      } else overdue.push(waiting);
    }
    this.#rest(left);
    if (left.length > 0) this.#timer.set(nextAt, now);
    // Last, for who is told may come again at once.
    for (const { listener } of overdue) {
      listener.keptOut(new DeadlineError('send (too many are under way to this broker)', 0, 1));
    }
  }
}
