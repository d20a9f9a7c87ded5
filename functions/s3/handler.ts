import middy from '@middy/core';
import type { S3Event } from 'aws-lambda';
import { deliver } from '../delivery/deliver.ts';
import { throwIfAnyFailed } from '../delivery/delivery-error.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { s3Records } from './s3-records.ts';

/** Lambda function for S3 notifications: throws when one is not stored, and Lambda runs the event again. */
export const handler = middy<S3Event, void, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<S3Event, void>())
  .handler(async (event, { rocketmq }) =>
    throwIfAnyFailed(await deliver(s3Records(event, await mappedTarget(rocketmq)), rocketmq)),
  );
