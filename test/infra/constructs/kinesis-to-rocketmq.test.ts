import { Duration, Lazy, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { KafkaDlq, S3OnFailureDestination } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { KinesisToRocketMq, type KinesisToRocketMqProps } from '../../../infra/constructs/kinesis-to-rocketmq.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { acknowledgementsOf, violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

const streamArn = 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders';

function kinesisIn(
  stack: Stack,
  props: Partial<KinesisToRocketMqProps> = {},
  limits: { brokerCount?: number; connectionBudget?: number } = {},
): KinesisToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'], ...limits });
  return new KinesisToRocketMq(stack, 'Kinesis', { cluster, topic: 'orders', producerGroup: 'orders', ...props });
}

function templateWith(props: Partial<KinesisToRocketMqProps>): Template {
  const stack = testStack();
  kinesisIn(stack, props);
  return Template.fromStack(stack);
}

describe('with default props', () => {
  const stack = testStack();
  const source = kinesisIn(stack);
  const template = Template.fromStack(stack);

  test('violates no rule of cdk-nag, and acknowledges these', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      'Kinesis/Producer/Function Serverless-LambdaTracing',
      'Kinesis/Producer/Function Serverless-LambdaDLQ',
      'Kinesis/DeadLetters AwsSolutions-SQS3',
      'Kinesis/DeadLetters Serverless-SQSRedrivePolicy',
      'Kinesis/Stream AwsSolutions-KDS3',
    ]);
  });

  test('reads from the beginning, splits what fails, and gives up after six hours, however often it was tried', () => {
    const [mapping] = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
    expect(mapping?.Properties).toEqual({
      BatchSize: 100,
      BisectBatchOnFunctionError: true,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^KinesisDeadLetters/), 'Arn'] } },
      },
      EventSourceArn: { 'Fn::GetAtt': [expect.stringMatching(/^KinesisStream/), 'Arn'] },
      FunctionName: { Ref: expect.stringMatching(/^KinesisProducerFunction/) },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRecordAgeInSeconds: 21_600,
      MaximumRetryAttempts: -1,
      ParallelizationFactor: 1,
      StartingPosition: 'TRIM_HORIZON',
    });
  });

  test('has an encrypted stream of one shard that is kept', () => {
    template.hasResource('AWS::Kinesis::Stream', {
      DeletionPolicy: 'Retain',
      Properties: {
        Name: Match.absent(),
        ShardCount: 1,
        StreamEncryption: { 'Fn::If': Match.arrayWith([{ EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' }]) },
      },
    });
  });

  test('lets the function read this stream and no other, and names every resource', () => {
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const statements: { Action: string[]; Resource: unknown }[] = policy?.Properties.PolicyDocument.Statement;
    const ofKinesis = statements.filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('kinesis:')),
    );
    expect(ofKinesis.map(({ Resource }) => Resource)).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^KinesisStream/), 'Arn'] },
    ]);
    expect(JSON.stringify(statements)).not.toContain('*');
  });

  test('has alarms for failures, dead letters, lost records and lag', () => {
    expect(source.alarms).toHaveLength(4);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Lambda',
      MetricName: 'IteratorAge',
      Statistic: 'Maximum',
      Threshold: 300_000,
      EvaluationPeriods: 3,
      TreatMissingData: 'notBreaching',
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'DestinationDeliveryFailures' });
  });

  test('reports nothing', () => {
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });
});

test('every option of reading reaches the mapping', () => {
  const stack = testStack();
  const alarms = sns.Topic.fromTopicArn(stack, 'Alarms', 'arn:aws:sns:eu-west-1:123456789012:alarms');
  kinesisIn(stack, {
    batchSize: 1000,
    maxBatchingWindow: Duration.seconds(5),
    startingPosition: lambda.StartingPosition.AT_TIMESTAMP,
    startingPositionTimestamp: 1_700_000_000,
    retryAttempts: 3,
    maxRecordAge: Duration.hours(1),
    bisectBatchOnError: false,
    parallelizationFactor: 4,
    filters: [lambda.FilterCriteria.filter({ partitionKey: lambda.FilterRule.beginsWith('order') })],
    mappingOptions: { enabled: false, metricsConfig: { metrics: [lambda.MetricType.EVENT_COUNT] } },
    alarmActions: [new SnsAction(alarms)],
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 1000,
    MaximumBatchingWindowInSeconds: 5,
    StartingPosition: 'AT_TIMESTAMP',
    StartingPositionTimestamp: 1_700_000_000,
    MaximumRetryAttempts: 3,
    MaximumRecordAgeInSeconds: 3600,
    BisectBatchOnFunctionError: false,
    ParallelizationFactor: 4,
    FilterCriteria: { Filters: [{ Pattern: '{"partitionKey":[{"prefix":"order"}]}' }] },
    Enabled: false,
    MetricsConfig: { Metrics: ['EventCount'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [alarms.topicArn] });
});

describe('the created stream', () => {
  test('takes shards, a key and a retention, and the function may decrypt with that key', () => {
    const stack = testStack();
    const key = new kms.Key(stack, 'Key');
    kinesisIn(stack, {
      shardCount: 3,
      streamOptions: {
        encryption: kinesis.StreamEncryption.KMS,
        encryptionKey: key,
        retentionPeriod: Duration.days(7),
      },
      maxRecordAge: Duration.days(2),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const template = Template.fromStack(stack);
    template.hasResource('AWS::Kinesis::Stream', {
      DeletionPolicy: 'Delete',
      Properties: { ShardCount: 3, RetentionPeriodHours: 168 },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kms:Decrypt',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] },
          }),
        ]),
      },
    });
    expect(errorsOf(stack)).toEqual([]);
  });

  test('has capacity on demand where no shards are wanted', () => {
    templateWith({ shardCount: 0 }).hasResourceProperties('AWS::Kinesis::Stream', {
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      ShardCount: Match.absent(),
    });
  });
});

describe('what is given up', () => {
  test('may be put into a queue that exists', () => {
    const stack = testStack();
    const { deadLetterQueue } = kinesisIn(stack, { deadLetterQueue: new sqs.Queue(stack, 'Dead') });
    expect(deadLetterQueue?.node.id).toBe('Dead');
    Template.fromStack(stack).resourceCountIs('AWS::SQS::Queue', 1);
  });

  test('may be put into a bucket with the records themselves, and no queue is made', () => {
    const stack = testStack();
    const bucket = s3.Bucket.fromBucketName(stack, 'Failed', 'failed');
    const source = kinesisIn(stack, { onFailure: new S3OnFailureDestination(bucket) });
    expect([source.deadLetterQueue, source.deadLetterAlarm]).toEqual([undefined, undefined]);
    expect(source.alarms).toHaveLength(3);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SQS::Queue', 0);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::failed']] } },
      },
    });
  });
});

test('an existing stream is read, and none is created', () => {
  const stack = testStack();
  kinesisIn(stack, { existingStream: kinesis.Stream.fromStreamArn(stack, 'Stream', streamArn) });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::Kinesis::Stream', 0);
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { EventSourceArn: streamArn });
  expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
});

test('writers get no more than writing', () => {
  const stack = testStack();
  const writer = new iam.User(stack, 'Writer');
  kinesisIn(stack).grantWrite(writer).assertSuccess();
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [Match.objectLike({ Action: ['kinesis:ListShards', 'kinesis:PutRecord', 'kinesis:PutRecords'] })],
    },
    Users: [{ Ref: Match.stringLikeRegexp('^Writer') }],
  });
});

describe('the connection budget', () => {
  test.each<[string, Partial<KinesisToRocketMqProps>]>([
    ['shards', { shardCount: Lazy.number({ produce: () => 4 }), parallelizationFactor: 4 }],
    ['batches of a shard', { shardCount: 4, parallelizationFactor: Lazy.number({ produce: () => 4 }) }],
  ])('warns where the number of %s is known at deployment only, and adds up the others', (_title, props) => {
    const stack = testStack();
    kinesisIn(stack, props, { connectionBudget: 50 });
    expect(warningsOf(stack)).toEqual([expect.stringContaining('rocketmq-lambda:connection-budget-unknown')]);
    expect(errorsOf(stack)).toEqual([]);
    (stack.node.findChild('Cluster') as RocketMqCluster).countConnections(stack, 51);
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/can open 51 connections/)]);
  });

  test('counts shards and parallel batches', () => {
    const stack = testStack();
    kinesisIn(stack, { shardCount: 4, parallelizationFactor: 5 }, { brokerCount: 3, connectionBudget: 50 });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:connection-budget\] .* can open 60 connections to its 3 brokers/),
    ]);
  });

  test('counts the shards of a stream of this app, and those that were told', () => {
    const stack = testStack();
    const existingStream = new kinesis.Stream(stack, 'Stream', {
      streamMode: kinesis.StreamMode.PROVISIONED,
      shardCount: 2,
    });
    kinesisIn(stack, { existingStream, parallelizationFactor: 10 }, { connectionBudget: 19 });
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/can open 20 connections/)]);
  });

  test('warns where nobody knows the shards', () => {
    const stack = testStack();
    kinesisIn(stack, { shardCount: 0 }, { connectionBudget: 50 });
    expect(warningsOf(stack)).toEqual([expect.stringContaining('rocketmq-lambda:connection-budget-unknown')]);
  });
});

test('faults are told all at once, and the template does not hide them', () => {
  const stack = testStack();
  kinesisIn(stack, {
    existingStream: new kinesis.Stream(stack, 'Stream'),
    streamOptions: { retentionPeriod: Duration.days(7) },
    shardCount: -1,
    batchSize: 0,
    maxRecordAge: Duration.hours(30),
    deadLetterQueue: sqs.Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead.fifo'),
    onFailure: new S3OnFailureDestination(s3.Bucket.fromBucketName(stack, 'Failed', 'failed')),
  });
  expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
    '[rocketmq-lambda:kinesis-shard-count]',
    '[rocketmq-lambda:existing-stream]',
    '[rocketmq-lambda:stream-batch-size]',
    '[rocketmq-lambda:stream-record-age]',
    '[rocketmq-lambda:on-failure]',
    '[rocketmq-lambda:dead-letter-queue-fifo]',
  ]);
  expect(() => Template.fromStack(stack)).toThrow('[rocketmq-lambda:stream-record-age]');
});

test('a topic of Kafka as the destination is a fault', () => {
  const stack = testStack();
  kinesisIn(stack, { onFailure: new KafkaDlq('failed') });
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(/^\[rocketmq-lambda:on-failure\] onFailure is the topic failed of Kafka/),
  ]);
});
