import middy from '@middy/core';
import type { SNSEvent } from 'aws-lambda';
import { deliver } from '../delivery/deliver.ts';
import { throwIfAnyFailed } from '../delivery/delivery-error.ts';
import { messageTarget } from '../delivery/record-message.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { snsRecords } from './sns-records.ts';

/** Lambda function for SNS topics: throws when a notification is not stored, and SNS delivers it again. */
export const handler = middy<SNSEvent, void, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<SNSEvent, void>())
  .handler(async (event, { rocketmq }) =>
    throwIfAnyFailed(await deliver(snsRecords(event, messageTarget(rocketmq)), rocketmq)),
  );
