import { monotonicMs } from '../clock.ts';
import { EarliestTimer } from '../deadline.ts';
import { type Outcome, RemotingTimeoutError, type RocketMQError } from '../errors.ts';
import type { RemotingCommand } from '../protocol/remoting-command.ts';

/**
 * What waits for the answer to a request. Exactly one of the two is called, once, and none of them may throw. A send is one
 * itself: a promise for its answer, and what hangs on that, would take more memory than the send.
 */
export interface AnswerListener {
  /** When it began to wait, which its limit counts from; monotonic ms. */
  readonly startedAt: number;
  answered(answer: RemotingCommand): void;
  failed(error: unknown): void;
}

/** Tells a listener what becomes of the promise of an answer. */
export function tellWhenSettled(listener: AnswerListener, answer: Promise<RemotingCommand>): void {
  answer.then(
    (answered) => listener.answered(answered),
    (error) => listener.failed(error),
  );
}

/** A request that waits for its answer. */
interface PendingResponse {
  readonly opaque: number;
  readonly listener: AnswerListener;
  /** Monotonic ms. */
  readonly timeoutAt: number;
  /** Number of the write it left with, or will leave with. */
  readonly writeNumber: number;
}

/** A power of two; doubled while more than half of the slots are taken. */
const FIRST_SLOTS = 64;
const LARGEST_OPAQUE = 0x7fffffff;

/**
 * Requests of one connection that wait for an answer (Java: `responseTable`). One timer serves them all: it is set to the
 * earliest time limit, and there is none once a tick ends in which nothing waits.
 *
 * Slots by the low bits of the opaque, and not a Map: a Map that is written all the time is laid out anew again and again,
 * and what it leaves behind keeps dead answers in memory until the next full garbage collection.
 */
export class ResponseTable {
  readonly #addr: string;
  readonly #onIdle: () => void;
  readonly #onTimeout: (startedAt: number) => void;
  #slots: (PendingResponse | undefined)[] = emptySlots(FIRST_SLOTS);
  #waitingCount = 0;
  #nextOpaque = 0;
  readonly #timer = new EarliestTimer(() => this.#sweep());
  #isIdleCheckPlanned = false;
  /**
   * Looks whether it is still idle when all promise jobs of this tick are done: who sends one message after the other begins
   * the next one in such a job, and to set a timer for each costs more than all else that a request needs.
   */
  readonly #planIdleCheck = (): void => process.nextTick(this.#checkIdle);

  readonly #checkIdle = (): void => {
    this.#isIdleCheckPlanned = false;
    if (this.#waitingCount === 0) this.#becomeIdle();
  };

  /**
   * @param onIdle called when the last waiting request is gone, and no other has come in the same tick.
   * @param onTimeout called for each request whose limit passed, with its start.
   */
  constructor(addr: string, onIdle: () => void, onTimeout: (startedAt: number) => void) {
    this.#addr = addr;
    this.#onIdle = onIdle;
    this.#onTimeout = onTimeout;
  }

  get size(): number {
    return this.#waitingCount;
  }

  /** An opaque for the next request, of a slot that is free. It is for the answer to come to; nothing waits for it yet. */
  takeOpaque(): number {
    if (this.#waitingCount * 2 >= this.#slots.length) this.#grow();
    let opaque = this.#nextOpaque;
    while (this.#slots[this.#slotOf(opaque)] !== undefined) opaque = (opaque + 1) & LARGEST_OPAQUE;
    this.#nextOpaque = (opaque + 1) & LARGEST_OPAQUE;
    return opaque;
  }

  /** Waits for the answer with this opaque, which `takeOpaque` gave. Fails with RemotingTimeoutError when the limit passes. */
  add(opaque: number, timeoutMs: number, writeNumber: number, listener: AnswerListener): void {
    const { startedAt } = listener;
    const timeoutAt = startedAt + timeoutMs;
    this.#slots[this.#slotOf(opaque)] = { opaque, listener, timeoutAt, writeNumber };
    this.#waitingCount++;
    this.#timer.set(timeoutAt, startedAt);
  }

  /** Hands an answer to the request it belongs to; false when nobody waits for it (any more). */
  settle(answer: RemotingCommand): boolean {
    const slot = this.#slotOf(answer.opaque);
    const waiting = this.#slots[slot];
    if (waiting?.opaque !== answer.opaque) return false;
    this.#slots[slot] = undefined;
    this.#waitingCount--;
    waiting.listener.answered(answer);
    if (this.#waitingCount === 0 && !this.#isIdleCheckPlanned) {
      this.#isIdleCheckPlanned = true;
      void RESOLVED.then(this.#planIdleCheck);
    }
    return true;
  }

  /** Fails every waiting request with the error made for it. */
  failAll(makeError: (opaque: number, writeNumber: number, elapsedMs: number) => RocketMQError): void {
    if (this.#waitingCount === 0) return;
    const now = monotonicMs();
    const all = this.#slots;
    this.#slots = emptySlots(FIRST_SLOTS);
    this.#waitingCount = 0;
    for (const waiting of all) {
      if (waiting === undefined) continue;
      waiting.listener.failed(
        makeError(waiting.opaque, waiting.writeNumber, Math.round(now - waiting.listener.startedAt)),
      );
    }
    if (this.#waitingCount === 0) this.#becomeIdle();
  }

  #slotOf(opaque: number): number {
    return opaque & (this.#slots.length - 1);
  }

  #grow(): void {
    const waiting = this.#slots;
    this.#slots = emptySlots(waiting.length * 2);
    for (const each of waiting) if (each !== undefined) this.#slots[this.#slotOf(each.opaque)] = each;
  }

  #becomeIdle(): void {
    this.#timer.clear();
    this.#onIdle();
  }

  /** Fails what is over its limit, and sets the timer to the next limit. */
  #sweep(): void {
    const now = monotonicMs();
    let nextAt = Number.POSITIVE_INFINITY;
    const overdue: PendingResponse[] = [];
    for (const [slot, waiting] of this.#slots.entries()) {
      if (waiting === undefined) continue;
      if (waiting.timeoutAt > now) {
        nextAt = Math.min(nextAt, waiting.timeoutAt);
        continue;
      }
      this.#slots[slot] = undefined;
      this.#waitingCount--;
      overdue.push(waiting);
    }
    if (this.#waitingCount > 0) this.#timer.set(nextAt, now);
    // Last, for who is told may ask again at once.
    for (const { listener, opaque } of overdue) {
      const { startedAt } = listener;
      listener.failed(new RemotingTimeoutError(this.#addr, opaque, Math.round(now - startedAt)));
      this.#onTimeout(startedAt);
    }
    if (this.#waitingCount === 0) this.#becomeIdle();
  }
}

const RESOLVED = Promise.resolve();

function emptySlots(count: number): (PendingResponse | undefined)[] {
  return new Array<PendingResponse | undefined>(count).fill(undefined);
}

/** Outcome of a request by whether its frame was handed to the socket. */
export function outcomeOf(isWritten: boolean): Exclude<Outcome, 'refused'> {
  return isWritten ? 'unknown' : 'notSent';
}
