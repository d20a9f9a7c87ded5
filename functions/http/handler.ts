import middy from '@middy/core';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { refuseMapping } from '../mapping/refuse-mapping.ts';
import { httpAnswer } from './http-answer.ts';
import type { HttpResponse } from './http-response.ts';

/** Lambda function behind an HTTP API, a function URL, a REST API or an ALB: messages in, their ids and offsets out. */
export const handler = middy<unknown, HttpResponse, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<unknown, HttpResponse>())
  .handler((event, { rocketmq, awsRequestId }) => {
    refuseMapping(rocketmq.environment, 'http');
    return httpAnswer(event, rocketmq, awsRequestId);
  });
