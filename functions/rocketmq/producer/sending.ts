import type { ClientInstance } from '../client/client-instance.ts';
import type { InFlightWindow } from '../client/in-flight-window.ts';
import type { MessageQueue, Place } from '../client/topic-publish-info.ts';
import { monotonicMs } from '../clock.ts';
import type { Deadline } from '../deadline.ts';
import type { SendAttempt } from '../errors.ts';
import type { SendReceipt, SendUnit, ToResult } from './send-unit.ts';

/** What is to be sent, and what was tried. */
export interface Wanted {
  readonly unit: SendUnit;
  readonly fixedQueue: MessageQueue | undefined;
  readonly deadline: Deadline;
  /** Those that failed, in order. */
  readonly attempts: readonly SendAttempt[];
}

/** What a broker answers. */
export type Answer = Awaited<ReturnType<ClientInstance['invoke']>>;

/** What is done when the attempt under way ends. Neither may throw. */
export interface AttemptEnds {
  onAnswer(sending: Sending, place: Place, answer: Answer): void;
  onFailure(sending: Sending, place: Place, error: unknown): void;
}

const NO_ATTEMPTS: readonly SendAttempt[] = [];

/**
 * A send under way, with the one attempt of it that is. It is told of the answer by itself, for thousands are in flight, and
 * each promise on the way would take as much memory as all of this.
 */
export class Sending implements Wanted {
  readonly unit: SendUnit;
  readonly fixedQueue: MessageQueue | undefined;
  readonly deadline: Deadline;
  attempts = NO_ATTEMPTS;
  isSecurityRefreshed = false;
  /** Where the attempt under way has to have room; there as soon as one is. */
  window!: InFlightWindow;
  /** Of the attempt under way; monotonic ms. */
  startedAt = 0;
  /** Of the credentials that the attempt under way is signed with. */
  securityVersion = 0;
  /** What `toResult` makes of the receipt. */
  readonly result: Promise<unknown>;
  readonly reject: (error: unknown) => void;
  readonly #ends: AttemptEnds;
  readonly #toResult: ToResult<unknown>;
  readonly #resolve: (result: unknown) => void;
  #place!: Place;

  /** @param toResult makes of the receipt what the send resolves to; what it throws rejects the send. */
  constructor(
    ends: AttemptEnds,
    unit: SendUnit,
    fixedQueue: MessageQueue | undefined,
    deadline: Deadline,
    toResult: ToResult<unknown>,
  ) {
    let resolve!: (result: unknown) => void;
    let reject!: (error: unknown) => void;
    this.result = new Promise((ownResolve, ownReject) => {
      resolve = ownResolve;
      reject = ownReject;
    });
    this.#ends = ends;
    this.unit = unit;
    this.fixedQueue = fixedQueue;
    this.deadline = deadline;
    this.#toResult = toResult;
    this.#resolve = resolve;
    this.reject = reject;
  }

  /** Notes the attempt that is begun now, or has waited for room and is begun anew; its answer or failure has to be told next. */
  begin(place: Place, window: InFlightWindow, securityVersion: number): void {
    this.#place = place;
    this.startedAt = monotonicMs();
    this.window = window;
    this.securityVersion = securityVersion;
  }

  answered(answer: Answer): void {
    this.#ends.onAnswer(this, this.#place, answer);
  }

  failed(error: unknown): void {
    this.#ends.onFailure(this, this.#place, error);
  }

  succeed(receipt: SendReceipt): void {
    try {
      this.#resolve(this.#toResult(receipt, this.unit));
    } catch (error) {
      this.reject(error);
    }
  }
}
