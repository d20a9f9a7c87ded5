import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { type BatchAnswer, batchAnswer } from '../delivery/batch-answer.ts';
import { deliver } from '../delivery/deliver.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { dynamodbRecords } from './dynamodb-records.ts';

/**
 * Lambda function for DynamoDB streams: what is not stored is reported; Lambda goes on from the first change reported.
 */
export const handler = middy<DynamoDBStreamEvent, BatchAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<DynamoDBStreamEvent, BatchAnswer>())
  .handler(async (event, { rocketmq }) =>
    batchAnswer(await deliver(dynamodbRecords(event, await mappedTarget(rocketmq)), rocketmq)),
  );
