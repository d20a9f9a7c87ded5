import { setTimeout as delay } from 'node:timers/promises';
import {
  type Deadline,
  deadlineAfter,
  earlierBy,
  earlierOf,
  OptionsError,
  type Producer,
  RocketMQError,
  type TransactionCheckListener,
  type TransactionCheckReport,
} from '#rocketmq';
import { noteDelivered } from './log-check-listener.ts';
import type { TransactionLog } from './transaction-log.ts';
import { Turnstile } from './turnstile.ts';

/** What a stay awake came to. */
export interface CheckCounts {
  /** Checks answered: `committed`, `rolledBack` and `unknown` together. */
  readonly asked: number;
  /** Commits and rollbacks that the broker confirmed. */
  readonly committed: number;
  readonly rolledBack: number;
  /** Answered "unknown", or not confirmed: these are asked again. */
  readonly unknown: number;
  /** Whether the group was registered with every master of its topics, at least once. */
  readonly isRegistered: boolean;
  /**
   * What kept the group from being registered with a broker, or a check from being decided; each message once, and of many that
   * differ the first ones.
   */
  readonly errors: readonly string[];
}

/** How a group's checks are to be answered. */
export interface AnswerChecksOptions {
  readonly producer: Producer;
  readonly log: TransactionLog;
  /** Topics of the group's messages: brokers that have none of them do not ask. */
  readonly topics: readonly string[];
  /** How long to stay awake, once registered; to be longer than the brokers' `transactionCheckInterval`. */
  readonly awakeMs: number;
  /** The stay ends 2 s before it, for the last answers and for taking the group off the brokers. */
  readonly deadline?: Deadline;
}

/** Errors told. Many name a transaction or a time, so that an outage of the log has one for each check of a round. */
const MOST_ERRORS = 50;

/** Kept back before the deadline. */
const LEAVE_MS = 2_000;
/** Longest that the last answers are waited for, and how often they are looked for. */
const LAST_ANSWERS_MS = 1_500;
const LOOK_EVERY_MS = 10;

/** A round of checks asks for everything that is open, all at once: more questions to the log at a time only slow each other. */
const AT_ONCE = 50;
/** Time for the last of a round. A check that is repeated meanwhile is answered once, at its newest place. */
const CHECK_LIMIT_MS = 20_000;

/** Brokers forget a client that sends no heartbeat for 120 s. */
const REGISTER_EVERY_MS = 20_000;
/** After a failure: a broker that comes back is waiting to ask. */
const REGISTER_AGAIN_MS = 2_000;

/**
 * Registers a producer's group with every master of its topics and stays awake for a while, to answer what they ask from a
 * transaction log. To be called inside an invocation (`beginInvocation`), whose end takes the group off the brokers again. A
 * broker that cannot be reached does not keep the others from being answered.
 * @throws OptionsError without a topic, or a time to stay awake: nothing would be answered, and nothing be told of that.
 */
export async function answerChecks(options: AnswerChecksOptions): Promise<CheckCounts> {
  const { producer, log, topics, awakeMs, deadline } = options;
  if (!(awakeMs > 0))
    throw new OptionsError('answerChecks', [`"awakeMs" is ${awakeMs}, but must be a number of ms above 0`]);
  const leave = deadline && earlierBy(deadline, LEAVE_MS);
  const counts = { committed: 0, rolledBack: 0, unknown: 0 };
  const errors = new Set<string>();
  const tell = (error: unknown) => {
    if (errors.size < MOST_ERRORS) errors.add(messageOf(error));
  };
  let isRegistered = false;
  const note = noteDelivered(log);
  const open = new Set<string>();
  const turnstile = new Turnstile(AT_ONCE);
  let isLeaving = false;
  const check: TransactionCheckListener['check'] = (message) => {
    open.add(message.msgId);
    const work = async () => (isLeaving ? 'unknown' : log.decide(message));
    // One that is answered already, for want of time, would take the turn of one that can be decided: in the next round all would.
    return turnstile.run(work, deadlineAfter(CHECK_LIMIT_MS));
  };
  const answered = async (report: TransactionCheckReport) => {
    counts[countOf(report)]++;
    if (report.error !== undefined) tell(report.error);
    try {
      await note(report);
    } catch (error) {
      // The broker has its answer; without the note, a commit that is asked for once more is delivered once more.
      tell(error);
    }
    open.delete(report.message.msgId);
  };
  await producer.onTransactionCheck({ check, answered, limitMs: CHECK_LIMIT_MS });
  // Counted from the first registration on: a cold start takes nothing of it.
  let stay: Deadline | undefined;
  do {
    let pauseMs = REGISTER_EVERY_MS;
    try {
      await producer.awaitTransactionChecks(topics, leave && { deadline: leave });
      isRegistered = true;
    } catch (error) {
      if (!(error instanceof RocketMQError) || error instanceof OptionsError) throw error;
      tell(error);
      pauseMs = REGISTER_AGAIN_MS;
    }
    stay ??= earlierOf(leave, awakeMs);
    await delay(Math.max(0, Math.min(pauseMs, stay.remainingMs())));
  } while (stay.remainingMs() > 0);
  isLeaving = true;
  const last = earlierOf(deadline, LAST_ANSWERS_MS);
  while (open.size > 0 && last.remainingMs() > 0) await delay(LOOK_EVERY_MS);
  return { asked: counts.committed + counts.rolledBack + counts.unknown, ...counts, isRegistered, errors: [...errors] };
}

function countOf({ answer, isConfirmed }: TransactionCheckReport): 'committed' | 'rolledBack' | 'unknown' {
  if (!isConfirmed || answer === 'unknown') return 'unknown';
  return answer === 'commit' ? 'committed' : 'rolledBack';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
