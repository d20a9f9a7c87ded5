import type { Deadline } from '../deadline.ts';
import type { Message } from './message.ts';
import type { SendResult } from './send-result.ts';

/** How a local transaction ended; `unknown` leaves it to the broker to ask again. */
export type TransactionOutcome = 'commit' | 'rollback' | 'unknown';

/** What a local transaction is told. */
export interface TransactionContext {
  /** `UNIQ_KEY` of the half message: the name of this transaction, under which its outcome belongs into a transaction log. */
  readonly msgId: string;
  readonly message: Message;
  readonly half: SendResult;
  /** When a commit has to be on its way, at the latest. Past it the outcome is left to a check. */
  readonly deadline: Deadline;
}

/** The caller's own work between half message and commit. What it throws counts as `unknown`. */
export type LocalTransaction = (context: TransactionContext) => Promise<TransactionOutcome>;

/**
 * Why a transaction is still open for its broker, which will ask:
 * - `unknown`, `threw`: the local transaction said so, or threw (`error` is what it threw);
 * - `tooLate`: its end came after the immunity time or the deadline, and was not sent, or refused for that by the broker;
 * - `notSent`: the end could not be written, for there was no connection;
 * - `answerLost`: the end was written and not answered; it is never written again, for each commit delivers a copy;
 * - `refused`: the broker answered no;
 * - `proxy`: a proxy answered yes, as it does, and drops the end all the same.
 */
export type PendingReason = 'unknown' | 'threw' | 'tooLate' | 'notSent' | 'answerLost' | 'refused' | 'proxy';

interface TransactionFacts {
  /** Message id, the same on the half message and on what consumers get. */
  readonly msgId: string;
  readonly half: SendResult;
  /** What was to become of it. */
  readonly outcome: TransactionOutcome;
}

/** What became of a transaction. `committed` and `rolledBack` are confirmed by the broker's answer. */
export type TransactionResult = TransactionFacts &
  (
    | { readonly status: 'committed' }
    /** `degraded`: the half message was on the master only; the local transaction was not begun. */
    | { readonly status: 'rolledBack'; readonly reason: 'localTransaction' | 'degraded' }
    | { readonly status: 'pending'; readonly reason: PendingReason; readonly error?: unknown }
  );

/** A half message whose outcome a broker asks for. */
export interface CheckedMessage {
  readonly msgId: string;
  /** As its sender named it, without the namespace of the client. */
  readonly topic: string;
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
  /** Epoch ms at the producer. */
  readonly bornAt: number;
  /** Which check this is, from 1. */
  readonly checkTimes: number;
}

/** What a broker was answered. */
export interface TransactionCheckReport {
  readonly message: CheckedMessage;
  readonly answer: TransactionOutcome;
  /** The message was delivered before: this copy of the half message is rolled back, so that there is no second one. */
  readonly isDelivered: boolean;
  /** The broker confirmed it. It confirms no `unknown`. */
  readonly isConfirmed: boolean;
  /** What kept the listener from deciding, or the broker from confirming. */
  readonly error?: unknown;
}

/** Decides transactions that brokers ask for; a transaction log is what it asks in turn. */
export interface TransactionCheckListener {
  /**
   * The outcome of a transaction. `rollback` also for one that is known to be delivered: each commit delivers a copy. What it
   * throws counts as `unknown`.
   */
  check(message: CheckedMessage): Promise<TransactionOutcome>;
  /**
   * Most ms for one check, from its arrival to the broker's answer and `answered`. Default 3 s: an invocation waits so long for it
   * at its end. More for who stays awake to answer many. Within an invocation, never more than it has left.
   */
  readonly limitMs?: number;
  /** Told of each answer. A place to note what was delivered, in what is left of `limitMs`; its own failure changes nothing. */
  answered?(report: TransactionCheckReport): void | Promise<void>;
}
