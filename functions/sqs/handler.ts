import middy from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { type BatchAnswer, batchAnswer } from '../delivery/batch-answer.ts';
import { deliver } from '../delivery/deliver.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { sqsRecords } from './sqs-records.ts';

/** Lambda function for SQS, standard and FIFO: every record that is not stored is reported, and comes again. */
export const handler = middy<SQSEvent, BatchAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<SQSEvent, BatchAnswer>())
  .handler(async (event, { rocketmq }) =>
    batchAnswer(await deliver(sqsRecords(event, await mappedTarget(rocketmq)), rocketmq)),
  );
