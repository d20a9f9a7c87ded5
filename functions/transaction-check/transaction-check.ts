import { earlierOf, OptionsError, RocketMQError } from '#rocketmq';
import { logger } from '../invocation/logger.ts';
import type { ProducerInvocation } from '../invocation/with-producer.ts';
import { answerChecks } from '../transaction-log/answer-checks.ts';
import { DynamoDbTransactionLog } from '../transaction-log/dynamodb-transaction-log.ts';

/** Longest that brokers are waited for to tell what they gave up. */
const GIVEN_UP_LIMIT_MS = 3_000;

/** What the checker function answers. */
export interface TransactionCheckAnswer {
  /** Checks answered: `committed`, `rolledBack` and `unknown` together. */
  readonly asked: number;
  readonly committed: number;
  readonly rolledBack: number;
  /** Asked again by their broker, in a later round. */
  readonly unknown: number;
}

/** Some master could not be registered with in all the time: its open transactions were not asked for. Thrown to raise an alarm. */
export class NotRegisteredError extends RocketMQError {
  constructor(group: string, reasons: readonly string[]) {
    const why = reasons.length === 0 ? 'no time was left for it' : reasons.join('; ');
    super(`group "${group}" could not be registered with every master of its topics: ${why}`, {
      code: 'ROCKETMQ_NOT_REGISTERED',
      retryable: true,
      outcome: 'notSent',
    });
  }
}

/**
 * Stays awake as long as it is told to, or as its time limit allows, and answers brokers' checks from the transaction log.
 * Counts them as metrics, also when it fails in the end.
 * @throws OptionsError without a table; NotRegisteredError
 */
export async function transactionCheck(invocation: ProducerInvocation): Promise<TransactionCheckAnswer> {
  const { producer, environment, deadline } = invocation;
  const { transactionTable: tableName, transactionPatienceMs: patienceMs, transactionTopics, topic } = environment;
  if (tableName === undefined) {
    throw new OptionsError('environment variables', ['ROCKETMQ_TRANSACTION_TABLE is missing (the transaction log)']);
  }
  const topics = transactionTopics ?? [topic];
  const [{ isRegistered, errors, ...counts }] = await Promise.all([
    answerChecks({
      producer,
      log: new DynamoDbTransactionLog({ tableName, patienceMs }),
      topics,
      awakeMs: environment.transactionAwakeMs ?? Number.POSITIVE_INFINITY,
      deadline,
    }),
    countGivenUp(invocation, topics),
  ]);
  invocation.count('TransactionChecksAsked', counts.asked);
  invocation.count('TransactionChecksCommitted', counts.committed);
  invocation.count('TransactionChecksRolledBack', counts.rolledBack);
  invocation.count('TransactionChecksUnknown', counts.unknown);
  for (const reason of errors) logger.error('transaction checks', { reason });
  if (!isRegistered) throw new NotRegisteredError(environment.producerGroup, errors);
  return counts;
}

/** Counts what brokers have given up, for an alarm. Brokers that do not tell keep nobody from being answered. */
async function countGivenUp(invocation: ProducerInvocation, topics: readonly string[]): Promise<void> {
  const limit = earlierOf(invocation.deadline, GIVEN_UP_LIMIT_MS);
  try {
    invocation.count('TransactionsGivenUp', await invocation.client.transactionsGivenUp(topics, limit));
  } catch (error) {
    if (!(error instanceof RocketMQError)) throw error;
    logger.warn('transactions given up cannot be counted', { code: error.code, reason: error.message });
  }
}
