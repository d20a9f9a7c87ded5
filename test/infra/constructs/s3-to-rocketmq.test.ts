import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { S3ToRocketMq, type S3ToRocketMqProps } from '../../../infra/constructs/s3-to-rocketmq.ts';
import { acknowledgementsOf, violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

function s3In(stack: Stack, props: Partial<S3ToRocketMqProps> = {}): S3ToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new S3ToRocketMq(stack, 'S3', { cluster, topic: 'uploads', producerGroup: 'uploads', ...props });
}

function templateWith(props: Partial<S3ToRocketMqProps>): Template {
  const stack = testStack();
  s3In(stack, props);
  return Template.fromStack(stack);
}

const notificationsHandler = 'BucketNotificationsHandler050a0587b7544547bf325f094a3db834/Role AwsSolutions-IAM4';

const ofEverySource = [
  'S3/DeadLetters AwsSolutions-SQS3',
  'S3/DeadLetters Serverless-SQSRedrivePolicy',
  'S3/Producer/Function Serverless-LambdaTracing',
  'S3/Producer/Function Serverless-LambdaDLQ',
];

describe('with default props', () => {
  const stack = testStack();
  s3In(stack);
  const template = Template.fromStack(stack);

  test('violates no rule of cdk-nag, and acknowledges these', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule.split('[')[0]}`)).toEqual([
      ...ofEverySource,
      'S3/Bucket AwsSolutions-S1',
      notificationsHandler,
    ]);
  });

  test('has a private, encrypted bucket that is kept and wants TLS', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketName: Match.absent(),
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
  });

  test('notifies the function of S3 of every creation', () => {
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            Events: ['s3:ObjectCreated:*'],
            LambdaFunctionArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^S3ProducerFunction'), 'Arn'] },
          },
        ],
      },
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 's3.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^S3Bucket'), 'Arn'] },
      SourceAccount: { Ref: 'AWS::AccountId' },
    });
  });

  test('lets the function read no object', () => {
    const [policy] = Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([id]) => id.startsWith('S3ProducerRole'))
      .map(([, { Properties }]) => Properties.PolicyDocument);
    expect(JSON.stringify(policy)).toContain('ssm:GetParameter');
    expect(JSON.stringify(policy)).not.toContain('"s3:');
  });

  test('reports nothing', () => {
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });
});

test('event types and key filter reach the notifications', () => {
  templateWith({
    eventTypes: [s3.EventType.OBJECT_CREATED_PUT, s3.EventType.OBJECT_REMOVED],
    keyFilter: { prefix: 'in/', suffix: '.json' },
  }).hasResourceProperties('Custom::S3BucketNotifications', {
    NotificationConfiguration: {
      LambdaFunctionConfigurations: ['s3:ObjectCreated:Put', 's3:ObjectRemoved:*'].map((type) =>
        Match.objectLike({
          Events: [type],
          Filter: {
            Key: {
              FilterRules: [
                { Name: 'suffix', Value: '.json' },
                { Name: 'prefix', Value: 'in/' },
              ],
            },
          },
        }),
      ),
    },
  });
});

test('bucket options and removal policy reach the bucket', () => {
  const stack = testStack();
  const key = new kms.Key(stack, 'Key');
  s3In(stack, { bucketOptions: { encryptionKey: key, versioned: true }, removalPolicy: RemovalPolicy.DESTROY });
  Template.fromStack(stack).hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Delete',
    Properties: {
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    },
  });
});

describe('via EventBridge', () => {
  test('a created bucket sends its events there, and a rule of the default bus takes them', () => {
    const stack = testStack();
    s3In(stack, { viaEventBridge: true });
    const template = Template.fromStack(stack);
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule.split('[')[0]}`)).toEqual([
      ...ofEverySource,
      'S3/Bucket AwsSolutions-S1',
      notificationsHandler,
    ]);
    template.hasResourceProperties('AWS::S3::Bucket', { NotificationConfiguration: Match.absent() });
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      BucketName: { Ref: Match.stringLikeRegexp('^S3Bucket') },
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: 'default',
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: [{ Ref: Match.stringLikeRegexp('^S3Bucket') }] } },
      },
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'InvocationsFailedToBeSentToDlq',
      // Rules of the default bus are known by their names alone.
      Dimensions: [{ Name: 'RuleName', Value: Match.anyValue() }],
    });
  });

  test('other notifications of a created bucket leave its events going there', () => {
    const stack = testStack();
    const { bucket, producerFunction } = s3In(stack, { viaEventBridge: true });
    bucket.addEventNotification(s3.EventType.OBJECT_REMOVED, new LambdaDestination(producerFunction.function));
    const template = Template.fromStack(stack);
    template.resourceCountIs('Custom::S3BucketNotifications', 1);
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: {
        EventBridgeConfiguration: {},
        LambdaFunctionConfigurations: [Match.objectLike({ Events: ['s3:ObjectRemoved:*'] })],
      },
    });
  });

  test('an existing bucket is told to send its events there', () => {
    const stack = testStack();
    s3In(stack, {
      existingBucket: s3.Bucket.fromBucketName(stack, 'Uploads', 'uploads'),
      viaEventBridge: true,
      eventTypes: [s3.EventType.OBJECT_REMOVED, s3.EventType.OBJECT_TAGGING_PUT],
      keyFilter: { prefix: 'in*/', suffix: '.json' },
      handoverMaxAge: Duration.hours(1),
    });
    const template = Template.fromStack(stack);
    expect(violationsOf(stack)).toEqual([]);
    template.resourceCountIs('AWS::S3::Bucket', 0);
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      BucketName: 'uploads',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        'detail-type': ['Object Deleted', 'Object Tags Added'],
        detail: {
          bucket: { name: ['uploads'] },
          object: { key: [{ wildcard: 'in\\*/*.json' }] },
          $or: [{ reason: ['DeleteObject'] }, { 'deletion-type': [{ exists: false }] }],
        },
      },
      Targets: [Match.objectLike({ RetryPolicy: { MaximumEventAgeInSeconds: 3600 } })],
    });
  });

  test('objects that a lifecycle rule removes are no more among those that a request removes than without', () => {
    const [removed, expired] = [s3.EventType.OBJECT_REMOVED, s3.EventType.LIFECYCLE_EXPIRATION].map((type) => {
      const [rule] = Object.values(
        templateWith({ viaEventBridge: true, eventTypes: [type] }).findResources('AWS::Events::Rule'),
      );
      return rule?.Properties.EventPattern;
    });
    const pattern = { source: ['aws.s3'], 'detail-type': ['Object Deleted'] };
    expect(removed).toMatchObject({ ...pattern, detail: { reason: ['DeleteObject'] } });
    expect(expired).toMatchObject({ ...pattern, detail: { reason: ['Lifecycle Expiration'] } });
  });

  test('a type may stand beside the whole that it belongs to, for a rule takes an event once', () => {
    const stack = testStack();
    const eventTypes = [s3.EventType.OBJECT_REMOVED, s3.EventType.OBJECT_REMOVED_DELETE];
    s3In(stack, { viaEventBridge: true, eventTypes });
    expect(errorsOf(stack)).toEqual([]);
  });

  test('takes no event type that EventBridge does not tell apart', () => {
    const stack = testStack();
    s3In(stack, { viaEventBridge: true, eventTypes: [s3.EventType.OBJECT_CREATED_PUT] });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:s3-event-types\] eventTypes has s3:ObjectCreated:Put, which/),
    ]);
  });
});

test('an existing bucket keeps its other notifications, and none is created', () => {
  const stack = testStack();
  s3In(stack, { existingBucket: s3.Bucket.fromBucketName(stack, 'Uploads', 'uploads') });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::S3::Bucket', 0);
  template.hasResourceProperties('Custom::S3BucketNotifications', { BucketName: 'uploads', Managed: false });
  expect(violationsOf(stack)).toEqual([]);
});

test('faults are told all at once', () => {
  const stack = testStack();
  s3In(stack, {
    existingBucket: s3.Bucket.fromBucketName(stack, 'Uploads', 'uploads'),
    bucketOptions: { versioned: true },
    eventTypes: [],
    handoverRetryAttempts: 1,
  });
  expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
    '[rocketmq-lambda:existing-bucket]',
    '[rocketmq-lambda:s3-event-types]',
    '[rocketmq-lambda:s3-handover]',
  ]);
});

test('an event type within another is refused, for S3 refuses both', () => {
  const stack = testStack();
  s3In(stack, {
    eventTypes: [s3.EventType.OBJECT_CREATED_PUT, s3.EventType.OBJECT_CREATED, s3.EventType.OBJECT_REMOVED_DELETE],
  });
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(
      /^\[rocketmq-lambda:s3-event-types\] eventTypes has s3:ObjectCreated:Put beside s3:ObjectCreated:\*, /,
    ),
  ]);
});

test('an imported dead-letter queue is warned of where EventBridge puts events into it, and nowhere else', () => {
  const deadLetters = 'arn:aws:sqs:eu-west-1:123456789012:dead';
  const [direct, viaEventBridge] = [false, true].map((isVia) => {
    const stack = testStack();
    s3In(stack, {
      deadLetterQueue: sqs.Queue.fromQueueArn(stack, 'Dead', deadLetters),
      ...(isVia && { viaEventBridge: true }),
    });
    return warningsOf(stack);
  });
  expect(direct).toEqual([]);
  expect(viaEventBridge).toEqual([
    expect.stringMatching(/events\.amazonaws\.com .*Test\/S3\/Rule.*\[ack: rocketmq-lambda:dead-letter-queue-policy\]/),
  ]);
});

test('an event type named twice is refused and not given to S3', () => {
  const stack = testStack();
  s3In(stack, { eventTypes: [s3.EventType.OBJECT_CREATED, s3.EventType.OBJECT_CREATED] });
  expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:s3-event-types\] .* twice/)]);
});
