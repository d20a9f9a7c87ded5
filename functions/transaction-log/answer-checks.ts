import { setTimeout as delay } from 'node:timers/promises';
import { type Deadline, earlierOf, type Producer, RocketMQError, type TransactionCheckReport } from '#rocketmq';
import { logCheckListener } from './log-check-listener.ts';
import type { TransactionLog } from './transaction-log.ts';

/** What a stay awake came to. */
export interface CheckCounts {
  /** Checks answered: `committed`, `rolledBack` and `unknown` together. */
  readonly asked: number;
  /** Commits and rollbacks that the broker confirmed. */
  readonly committed: number;
  readonly rolledBack: number;
  /** Answered "unknown", or not confirmed: these are asked again. */
  readonly unknown: number;
  /** What kept the group from being registered with a broker, or a check from being decided; each message once. */
  readonly errors: readonly string[];
}

/** How a group's checks are to be answered. */
export interface AnswerChecksOptions {
  readonly producer: Producer;
  readonly log: TransactionLog;
  /** Topics of the group's messages: brokers that have none of them do not ask. */
  readonly topics: readonly string[];
  /** How long to stay awake; to be longer than the brokers' `transactionCheckInterval`. */
  readonly awakeMs: number;
  /** Ends the stay when it comes first. */
  readonly deadline?: Deadline;
}

/** Brokers forget a client that sends no heartbeat for 120 s. */
const REGISTER_EVERY_MS = 20_000;

/**
 * Registers a producer's group with every master of its topics and stays awake for a while, to answer what they ask from a
 * transaction log. To be called inside an invocation (`beginInvocation`), whose end takes the group off the brokers again. A
 * broker that cannot be reached does not keep the others from being answered.
 */
export async function answerChecks(options: AnswerChecksOptions): Promise<CheckCounts> {
  const { producer, log, topics } = options;
  const stay = earlierOf(options.deadline, options.awakeMs);
  const counts = { committed: 0, rolledBack: 0, unknown: 0 };
  const errors = new Set<string>();
  const listener = logCheckListener(log);
  const answered = async (report: TransactionCheckReport) => {
    counts[countOf(report)]++;
    if (report.error !== undefined) errors.add(messageOf(report.error));
    await listener.answered?.(report);
  };
  await producer.onTransactionCheck({ check: listener.check, answered });
  while (stay.remainingMs() > 0) {
    try {
      await producer.awaitTransactionChecks(topics, { deadline: stay });
    } catch (error) {
      if (!(error instanceof RocketMQError)) throw error;
      errors.add(error.message);
    }
    await delay(Math.max(0, Math.min(REGISTER_EVERY_MS, stay.remainingMs())));
  }
  return { asked: counts.committed + counts.rolledBack + counts.unknown, ...counts, errors: [...errors] };
}

function countOf({ answer, isConfirmed }: TransactionCheckReport): 'committed' | 'rolledBack' | 'unknown' {
  if (!isConfirmed || answer === 'unknown') return 'unknown';
  return answer === 'commit' ? 'committed' : 'rolledBack';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
