import { HttpToRocketMq } from '../constructs/http-to-rocketmq.ts';
import { ScheduleKeepWarm } from '../constructs/schedule-keep-warm.ts';
import { TransactionChecker } from '../constructs/transaction-checker.ts';
import { type AppSource, madeOf } from './app-source.ts';

/** Requests to an HTTP API. */
export const httpSource: AppSource = ({ stack, shared }) => {
  const source = new HttpToRocketMq(stack, 'HttpToRocketMq', shared);
  return madeOf(source, { Url: ['POST /messages of this API go to RocketMQ; signed requests only', source.url] });
};

/** A look at the cluster by the clock, which keeps the functions of the sources before it warm. */
export const scheduleSource: AppSource = ({ stack, shared, earlier }) => {
  const producers = earlier.map(({ producerFunction }) => producerFunction);
  const { producerFunction } = new ScheduleKeepWarm(stack, 'ScheduleKeepWarm', { ...shared, producers });
  return { producerFunction, outputs: {} };
};

/** Answers for senders of transactions to the topic. */
export const transactionCheckSource: AppSource = ({ stack, shared: { topic, ...shared }, removal }) => {
  const checker = new TransactionChecker(stack, 'TransactionChecker', { ...shared, ...removal, topics: [topic] });
  const { producerFunction, table } = checker;
  return { producerFunction, outputs: { TableName: ['Log in which senders write outcomes', table.tableName] } };
};
