import type { TransactionCheckListener } from '#rocketmq';
import type { TransactionLog } from './transaction-log.ts';

/**
 * Answers brokers' checks from a transaction log, and notes in it what they delivered. While the log cannot be reached the
 * answer is "unknown", and the broker asks again.
 */
export function logCheckListener(log: TransactionLog): TransactionCheckListener {
  return {
    check: (message) => log.decide(message),
    answered: async ({ answer, isConfirmed, message }) => {
      if (answer === 'commit' && isConfirmed) await log.markDelivered(message.msgId);
    },
  };
}
