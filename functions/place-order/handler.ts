import middy from '@middy/core';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import type { HttpAnswer } from './http-problem.ts';
import { placeOrder } from './place-order.ts';

/** Example Lambda function behind an HTTP API or a function URL: an order is written to DynamoDB and told to RocketMQ, or neither. */
export const handler = middy<APIGatewayProxyEventV2, HttpAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<APIGatewayProxyEventV2, HttpAnswer>())
  .handler((event, { rocketmq }) => placeOrder(event, rocketmq));
