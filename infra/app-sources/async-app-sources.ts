import * as events from 'aws-cdk-lib/aws-events';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EventBridgeToRocketMq } from '../constructs/eventbridge-to-rocketmq.ts';
import { S3ToRocketMq } from '../constructs/s3-to-rocketmq.ts';
import { SnsToRocketMq } from '../constructs/sns-to-rocketmq.ts';
import { type AppSource, madeOf } from './app-source.ts';

/** Messages of an SNS topic. */
export const snsSource: AppSource = ({ stack, settings, shared, removal }) => {
  const { snsTopicArn } = settings;
  const source = new SnsToRocketMq(stack, 'SnsToRocketMq', {
    ...shared,
    ...removal,
    ...(snsTopicArn !== undefined && { existingSnsTopic: sns.Topic.fromTopicArn(stack, 'SnsTopic', snsTopicArn) }),
  });
  return madeOf(source, { TopicArn: ['Messages published here go to RocketMQ', source.snsTopic.topicArn] });
};

/** Events of an EventBridge bus. */
export const eventbridgeSource: AppSource = ({ stack, settings, shared, removal }) => {
  const { eventBusArn, eventPattern } = settings;
  const source = new EventBridgeToRocketMq(stack, 'EventBridgeToRocketMq', {
    ...shared,
    ...removal,
    ...(eventBusArn !== undefined && {
      existingEventBus: events.EventBus.fromEventBusArn(stack, 'EventBus', eventBusArn),
    }),
    ...(eventPattern !== undefined && { eventPattern: patternOf(eventPattern) }),
  });
  return madeOf(source, { BusName: ['Events put here go to RocketMQ', source.eventBus.eventBusName] });
};

/** Notifications of an S3 bucket. */
export const s3Source: AppSource = ({ stack, settings, shared, removal }) => {
  const { bucketName } = settings;
  const source = new S3ToRocketMq(stack, 'S3ToRocketMq', {
    ...shared,
    ...removal,
    ...(bucketName !== undefined && { existingBucket: s3.Bucket.fromBucketName(stack, 'Bucket', bucketName) }),
  });
  return madeOf(source, { BucketName: ['Notifications of this bucket go to RocketMQ', source.bucket.bucketName] });
};

/** EventBridge's own spelling of a pattern in that of the CDK. */
function patternOf({ 'detail-type': detailType, ...rest }: Readonly<Record<string, unknown>>): events.EventPattern {
  return { ...rest, ...(detailType !== undefined && { detailType }) } as events.EventPattern;
}
