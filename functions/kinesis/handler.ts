import middy from '@middy/core';
import type { KinesisStreamEvent } from 'aws-lambda';
import { type BatchAnswer, batchAnswer } from '../delivery/batch-answer.ts';
import { deliver } from '../delivery/deliver.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { kinesisRecords } from './kinesis-records.ts';

/**
 * Lambda function for Kinesis streams: what is not stored is reported; Lambda goes on from the first record reported.
 */
export const handler = middy<KinesisStreamEvent, BatchAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<KinesisStreamEvent, BatchAnswer>())
  .handler(async (event, { rocketmq }) =>
    batchAnswer(await deliver(kinesisRecords(event, await mappedTarget(rocketmq)), rocketmq)),
  );
