import middy from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { type BatchAnswer, batchAnswer } from '../delivery/batch-answer.ts';
import { deliver } from '../delivery/deliver.ts';
import { messageTarget } from '../delivery/record-message.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { sqsRecords } from './sqs-records.ts';

/** Lambda function for SQS, standard and FIFO: every record that is not stored is reported, and comes again. */
export const handler = middy<SQSEvent, BatchAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<SQSEvent, BatchAnswer>())
  .handler(async (event, { rocketmq }) =>
    batchAnswer(await deliver(sqsRecords(event, messageTarget(rocketmq)), rocketmq)),
  );
