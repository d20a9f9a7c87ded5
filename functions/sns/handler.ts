import middy from '@middy/core';
import type { SNSEvent } from 'aws-lambda';
import { deliver } from '../delivery/deliver.ts';
import { throwIfAnyFailed } from '../delivery/delivery-error.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { snsRecords } from './sns-records.ts';

/** Lambda function for SNS topics: throws when a notification is not stored, and SNS delivers it again. */
export const handler = middy<SNSEvent, void, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<SNSEvent, void>())
  .handler(async (event, { rocketmq }) =>
    throwIfAnyFailed(await deliver(snsRecords(event, await mappedTarget(rocketmq)), rocketmq)),
  );
