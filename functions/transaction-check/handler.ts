import middy from '@middy/core';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { type TransactionCheckAnswer, transactionCheck } from './transaction-check.ts';

/** Lambda function for a schedule: answers brokers' questions for the outcome of transactions while it is awake, whatever the event is. */
export const handler = middy<unknown, TransactionCheckAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<unknown, TransactionCheckAnswer>())
  .handler((_event, { rocketmq }) => transactionCheck(rocketmq));
