import { App, Aws, Stack } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import * as pack from '../../../infra/index.ts';
import { errorsOf, testAppProps } from '../test-app.ts';

const account = '123456789012';

/** A source of Region `region`, in a stack of `own`; a stack without an environment where there is none. */
type Maker = (stack: Stack, region: string) => Construct;

function targetIn(stack: Stack) {
  const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return { cluster, topic: 'orders', topics: ['orders'], producerGroup: 'orders' };
}

function arnOf(service: string, region: string, rest: string): string {
  return `arn:aws:${service}:${region}:${account}:${rest}`;
}

function queueIn(stack: Stack, region: string) {
  return Queue.fromQueueArn(stack, 'Queue', arnOf('sqs', region, 'orders'));
}

function secretIn(stack: Stack, region: string) {
  return Secret.fromSecretCompleteArn(stack, 'Secret', arnOf('secretsmanager', region, 'secret:kafka-abcdef'));
}

function tableIn(stack: Stack, region: string) {
  const tableStreamArn = arnOf('dynamodb', region, 'table/orders/stream/2026-01-01T00:00:00.000');
  return Table.fromTableAttributes(stack, 'Table', { tableName: 'orders', tableStreamArn });
}

const makers: readonly (readonly [construct: string, prop: string, make: Maker])[] = [
  [
    'SqsToRocketMq',
    'existingQueue',
    (stack, region) =>
      new pack.SqsToRocketMq(stack, 'Made', { ...targetIn(stack), existingQueue: queueIn(stack, region) }),
  ],
  [
    'SqsToRocketMq',
    'deadLetterQueue',
    (stack, region) =>
      new pack.SqsToRocketMq(stack, 'Made', { ...targetIn(stack), deadLetterQueue: queueIn(stack, region) }),
  ],
  [
    'KinesisToRocketMq',
    'existingStream',
    (stack, region) =>
      new pack.KinesisToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        existingStream: Stream.fromStreamArn(stack, 'Stream', arnOf('kinesis', region, 'stream/orders')),
      }),
  ],
  [
    'KinesisToRocketMq',
    'deadLetterQueue',
    (stack, region) =>
      new pack.KinesisToRocketMq(stack, 'Made', { ...targetIn(stack), deadLetterQueue: queueIn(stack, region) }),
  ],
  [
    'DynamoDbToRocketMq',
    'existingTable',
    (stack, region) =>
      new pack.DynamoDbToRocketMq(stack, 'Made', { ...targetIn(stack), existingTable: tableIn(stack, region) }),
  ],
  [
    'KafkaToRocketMq',
    'mskClusterArn',
    (stack, region) =>
      new pack.KafkaToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        kafkaTopic: 'orders',
        consumerGroupId: 'orders',
        mskClusterArn: arnOf('kafka', region, 'cluster/orders/0123-4567'),
      }),
  ],
  [
    'KafkaToRocketMq',
    'The secret of authentication',
    (stack, region) =>
      new pack.KafkaToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        kafkaTopic: 'orders',
        bootstrapServers: ['broker-1.example.com:9096'],
        authentication: pack.KafkaAuthentication.plain(secretIn(stack, region)),
      }),
  ],
  [
    'KafkaToRocketMq',
    'rootCaCertificate',
    (stack, region) =>
      new pack.KafkaToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        kafkaTopic: 'orders',
        bootstrapServers: ['broker-1.example.com:9096'],
        authentication: pack.KafkaAuthentication.plain(new Secret(stack, 'Own')),
        rootCaCertificate: secretIn(stack, region),
      }),
  ],
  [
    'SnsToRocketMq',
    'existingSnsTopic',
    (stack, region) =>
      new pack.SnsToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        existingSnsTopic: Topic.fromTopicArn(stack, 'Topic', arnOf('sns', region, 'orders')),
      }),
  ],
  [
    'SnsToRocketMq',
    'deadLetterQueue',
    (stack, region) =>
      new pack.SnsToRocketMq(stack, 'Made', { ...targetIn(stack), deadLetterQueue: queueIn(stack, region) }),
  ],
  [
    'EventBridgeToRocketMq',
    'existingEventBus',
    (stack, region) =>
      new pack.EventBridgeToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        existingEventBus: EventBus.fromEventBusArn(stack, 'Bus', arnOf('events', region, 'event-bus/orders')),
        eventPattern: { source: ['shop'] },
      }),
  ],
  [
    'S3ToRocketMq',
    'existingBucket',
    (stack, region) =>
      new pack.S3ToRocketMq(stack, 'Made', {
        ...targetIn(stack),
        existingBucket: Bucket.fromBucketAttributes(stack, 'Bucket', { bucketName: 'orders', region }),
      }),
  ],
  [
    'TransactionChecker',
    'existingTable',
    (stack, region) =>
      new pack.TransactionChecker(stack, 'Made', {
        ...targetIn(stack),
        existingTable: Table.fromTableArn(stack, 'Table', arnOf('dynamodb', region, 'table/log')),
      }),
  ],
];

describe.each(makers)('%s, given %s', (_construct, prop, make) => {
  function errorsIn(own: string | undefined, region: string): string[] {
    const stack = new Stack(
      new App(testAppProps()),
      'Test',
      own === undefined ? {} : { env: { region: own, account } },
    );
    make(stack, region);
    return errorsOf(stack);
  }

  test('of another Region, tells so at synth', () => {
    expect(errorsIn('eu-west-1', 'us-east-1')).toEqual([
      `[rocketmq-lambda:region] ${prop} is in us-east-1, but the stack is in eu-west-1: a function, its alarms and what belongs to them must be in one Region. Give one of eu-west-1, or put this construct into a stack of us-east-1.`,
    ]);
  });

  test.each([
    ['of the same Region', 'eu-west-1', 'eu-west-1'],
    ['where the Region of the stack is known at deployment only', undefined, 'us-east-1'],
    ['where its Region is known at deployment only', 'eu-west-1', Aws.REGION],
  ])('%s, says nothing', (_title, own, region) => {
    expect(errorsIn(own, region)).toEqual([]);
  });
});

test('a queue that a stack of another Region makes is in that Region', () => {
  const app = new App(testAppProps());
  const queue = new Queue(new Stack(app, 'There', { env: { region: 'us-east-1', account } }), 'Queue', {
    queueName: 'orders',
  });
  const stack = new Stack(app, 'Here', { env: { region: 'eu-west-1', account } });
  new pack.SqsToRocketMq(stack, 'Sqs', { ...targetIn(stack), existingQueue: queue });
  expect(errorsOf(stack)).toContainEqual(
    expect.stringContaining('[rocketmq-lambda:region] existingQueue is in us-east-1'),
  );
});
