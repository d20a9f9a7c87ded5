import { type Outcome, RemotingTimeoutError, type RocketMQError } from '../errors.ts';
import type { RemotingCommand } from '../protocol/remoting-command.ts';

/** A request that waits for its answer. */
interface PendingResponse {
  readonly opaque: number;
  readonly resolve: (answer: RemotingCommand) => void;
  readonly reject: (error: RocketMQError) => void;
  /** Monotonic ms. */
  readonly startedAt: number;
  readonly timeoutAt: number;
  /** Number of the write it left with, or will leave with. */
  readonly writeNumber: number;
}

/** More than this a timer takes for 1 ms; a limit beyond it is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Requests of one connection that wait for an answer (Java: `responseTable`). One timer serves them all: it is set to the
 * earliest time limit, and there is none while nothing waits.
 */
export class ResponseTable {
  private readonly addr: string;
  private readonly onIdle: () => void;
  private readonly onTimeout: (startedAt: number) => void;
  private readonly pending = new Map<number, PendingResponse>();
  private timer: NodeJS.Timeout | undefined;
  private timerAt = 0;

  /**
   * @param onIdle called when the last waiting request is gone.
   * @param onTimeout called for each request whose limit passed, with its start.
   */
  constructor(addr: string, onIdle: () => void, onTimeout: (startedAt: number) => void) {
    this.addr = addr;
    this.onIdle = onIdle;
    this.onTimeout = onTimeout;
  }

  get size(): number {
    return this.pending.size;
  }

  /** Waits for the answer with this opaque. Rejects with RemotingTimeoutError when the limit passes. */
  add(opaque: number, timeoutMs: number, writeNumber: number): Promise<RemotingCommand> {
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const timeoutAt = startedAt + timeoutMs;
      this.pending.set(opaque, { opaque, resolve, reject, startedAt, timeoutAt, writeNumber });
      if (this.timer === undefined || timeoutAt < this.timerAt) this.arm(timeoutAt, startedAt);
    });
  }

  /** Hands an answer to the request it belongs to; false when nobody waits for it (any more). */
  settle(answer: RemotingCommand): boolean {
    const waiting = this.pending.get(answer.opaque);
    if (waiting === undefined) return false;
    this.pending.delete(answer.opaque);
    waiting.resolve(answer);
    if (this.pending.size === 0) this.becomeIdle();
    return true;
  }

  /** Fails every waiting request with the error made for it. */
  failAll(makeError: (opaque: number, writeNumber: number, elapsedMs: number) => RocketMQError): void {
    if (this.pending.size === 0) return;
    const now = performance.now();
    const all = [...this.pending.values()];
    this.pending.clear();
    for (const waiting of all) {
      waiting.reject(makeError(waiting.opaque, waiting.writeNumber, Math.round(now - waiting.startedAt)));
    }
    this.becomeIdle();
  }

  private becomeIdle(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.onIdle();
  }

  private arm(at: number, now: number): void {
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(() => this.sweep(), Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(at - now))));
  }

  /** Fails what is over its limit, and sets the timer to the next limit. */
  private sweep(): void {
    this.timer = undefined;
    const now = performance.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const waiting of this.pending.values()) {
      if (waiting.timeoutAt > now) {
        nextAt = Math.min(nextAt, waiting.timeoutAt);
        continue;
      }
      this.pending.delete(waiting.opaque);
      waiting.reject(new RemotingTimeoutError(this.addr, waiting.opaque, Math.round(now - waiting.startedAt)));
      this.onTimeout(waiting.startedAt);
    }
    if (this.pending.size === 0) this.becomeIdle();
    else if (this.timer === undefined) this.arm(nextAt, now);
  }
}

/** Outcome of a request by whether its frame was handed to the socket. */
export function outcomeOf(isWritten: boolean): Exclude<Outcome, 'refused'> {
  return isWritten ? 'unknown' : 'notSent';
}
