import middy from '@middy/core';
import { deliver } from '../delivery/deliver.ts';
import { throwIfAnyFailed } from '../delivery/delivery-error.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { eventbridgeRecords } from './eventbridge-records.ts';

/**
 * Lambda function for EventBridge rules and schedules: throws when an event is not stored, and EventBridge delivers it
 * again.
 */
export const handler = middy<unknown, void, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<unknown, void>())
  .handler(async (event, { rocketmq }) =>
    throwIfAnyFailed(await deliver(eventbridgeRecords(event, await mappedTarget(rocketmq)), rocketmq)),
  );
