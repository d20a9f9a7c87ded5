import { deadlineAfter, type TransactionCheckListener } from '#rocketmq';
import type { TransactionLog } from './transaction-log.ts';
import { Turnstile } from './turnstile.ts';

/**
 * Questions to the log at a time. A round of checks asks for all that is open: the transactions of whoever sends beside it would have
 * to wait behind a thousand questions. Half of the connections that the SDK has to DynamoDB are left to them.
 */
const AT_ONCE = 25;
/** Longest that a check may take (`TransactionCheckListener.limitMs`): one that waited longer for its turn is answered already. */
const CHECK_LIMIT_MS = 3_000;

/**
 * Answers brokers' checks from a transaction log, and notes in it what they delivered. While the log cannot be reached the
 * answer is "unknown", and the broker asks again.
 */
export function logCheckListener(log: TransactionLog): TransactionCheckListener {
  const turnstile = new Turnstile(AT_ONCE);
  return {
    check: (message) => turnstile.run(() => log.decide(message), deadlineAfter(CHECK_LIMIT_MS)),
    answered: noteDelivered(log),
  };
}

/** Notes in a log what was delivered. */
export function noteDelivered(log: TransactionLog): NonNullable<TransactionCheckListener['answered']> {
  return async ({ answer, isConfirmed, message }) => {
    if (answer === 'commit' && isConfirmed) await log.markDelivered(message.msgId);
  };
}
