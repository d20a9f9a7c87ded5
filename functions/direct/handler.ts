import middy from '@middy/core';
import { deliver } from '../delivery/deliver.ts';
import { messageTarget } from '../delivery/message-target.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { refuseMapping } from '../mapping/refuse-mapping.ts';
import { type DirectResult, directAnswer } from './direct-answer.ts';
import { readDirectEvent } from './direct-event.ts';
import { directRecords } from './direct-records.ts';

type DirectAnswer = DirectResult | DirectResult[];

/**
 * Lambda function for Step Functions and other callers: messages in, their results out, or an error with a name to
 * match.
 */
export const handler = middy<unknown, DirectAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<unknown, DirectAnswer>())
  .handler(async (event, { rocketmq }) => {
    refuseMapping(rocketmq.environment, 'direct');
    const direct = readDirectEvent(event);
    return directAnswer(direct, await deliver(directRecords(direct, messageTarget(rocketmq)), rocketmq));
  });
