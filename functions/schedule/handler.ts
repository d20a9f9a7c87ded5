import middy from '@middy/core';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { type DueWorkAnswer, dueWorkAnswer } from './due-work-answer.ts';

type Answer = DueWorkAnswer | undefined;

/**
 * Lambda function for a schedule that keeps a sandbox warm: due work and no message, whatever the event is. Throws when
 * no name server can be found, or when a task failed.
 */
export const handler = middy<unknown, Answer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use({
    // Used first, so that it is the last on the way back, when the due work is done.
    after: (request) => {
      request.response = dueWorkAnswer(request.context.rocketmq.client.dueWorkReport());
    },
  })
  .use(withProducer<unknown, Answer>())
  .handler(async (_event, { rocketmq }) => {
    await rocketmq.client.start(rocketmq.deadline);
    return undefined;
  });
