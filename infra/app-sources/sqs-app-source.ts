import { Duration } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { SqsToRocketMq } from '../constructs/sqs-to-rocketmq.ts';
import { type AppSource, madeOf } from './app-source.ts';

/** Messages of an SQS queue. */
export const sqsSource: AppSource = ({ stack, settings, shared, removal }) => {
  const { queueArn, deadLetterQueueArn, fifo, maxReceiveCount, batchSize, maxConcurrency } = settings;
  const { visibilityTimeoutSeconds, maxBatchingWindowSeconds } = settings;
  const source = new SqsToRocketMq(stack, 'SqsToRocketMq', {
    ...shared,
    ...(queueArn === undefined ? removal : { existingQueue: sqs.Queue.fromQueueArn(stack, 'Queue', queueArn) }),
    ...(deadLetterQueueArn !== undefined && {
      deadLetterQueue: sqs.Queue.fromQueueArn(stack, 'DeadLetterQueue', deadLetterQueueArn),
    }),
    ...(fifo !== undefined && { fifo }),
    ...(visibilityTimeoutSeconds !== undefined && { visibilityTimeout: Duration.seconds(visibilityTimeoutSeconds) }),
    ...(maxReceiveCount !== undefined && { maxReceiveCount }),
    ...(batchSize !== undefined && { batchSize }),
    ...(maxBatchingWindowSeconds !== undefined && { maxBatchingWindow: Duration.seconds(maxBatchingWindowSeconds) }),
    ...(maxConcurrency !== undefined && { maxConcurrency }),
  });
  return madeOf(source, { QueueUrl: ['Messages put here go to RocketMQ', source.queue.queueUrl] });
};
