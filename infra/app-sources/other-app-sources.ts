import { longestBehindApi } from '../constructs/http-endpoint-choice.ts';
import { HttpToRocketMq } from '../constructs/http-to-rocketmq.ts';
import { ScheduleKeepWarm } from '../constructs/schedule-keep-warm.ts';
import { TransactionChecker } from '../constructs/transaction-checker.ts';
import { type AppSource, madeOf } from './app-source.ts';

/** Requests to an HTTP API. */
export const httpSource: AppSource = ({ stack, shared }) => {
  const { timeout } = shared.functionOptions ?? {};
  // The context has one timeout for all functions, and API Gateway waits no longer.
  const isTooLong = timeout !== undefined && timeout.toSeconds() > longestBehindApi.toSeconds();
  const functionOptions = { ...shared.functionOptions, ...(isTooLong && { timeout: longestBehindApi }) };
  const source = new HttpToRocketMq(stack, 'HttpToRocketMq', { ...shared, functionOptions });
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
  // Its timeout follows from how long it is to stay, and not from the context's for all functions.
  const { timeout: _ofOthers, ...functionOptions } = shared.functionOptions ?? {};
  const props = { ...shared, ...removal, functionOptions, topics: [topic] };
  const checker = new TransactionChecker(stack, 'TransactionChecker', props);
  const { producerFunction, table } = checker;
  return {
    checker,
    producerFunction,
    outputs: { TableName: ['Log in which senders write outcomes', table.tableName] },
  };
};
