import type { Producer } from '#rocketmq';
import { logger } from '../invocation/logger.ts';
import { logCheckListener } from '../transaction-log/log-check-listener.ts';
import type { TransactionLog } from '../transaction-log/transaction-log.ts';

/**
 * Has this sandbox answer from the log, as the checker does, while it is registered to send. A broker asks one registered client of
 * the group a round, whichever it is, and counts the check: one that knows its own transactions only would use up those of others.
 */
export async function answerChecksOfGroup(producer: Producer, log: TransactionLog): Promise<void> {
  const { check, answered } = logCheckListener(log);
  await producer.onTransactionCheck({
    check,
    answered: async (report) => {
      const { message, answer, error } = report;
      if (error !== undefined) logger.warn('transaction check', { msgId: message.msgId, answer, error });
      await answered?.(report);
    },
  });
}
