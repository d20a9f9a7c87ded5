import { Duration, Lazy, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { SqsToRocketMq, type SqsToRocketMqProps } from '../../../infra/constructs/sqs-to-rocketmq.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

const nowhere = 'arn:aws:sqs:eu-west-1:123456789012:orders';
const atDeployment = Lazy.number({ produce: () => 60 });

function sqsIn(stack: Stack, props: Partial<SqsToRocketMqProps> = {}): SqsToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new SqsToRocketMq(stack, 'Sqs', { cluster, topic: 'orders', producerGroup: 'orders', ...props });
}

function templateWith(props: Partial<SqsToRocketMqProps> = {}): Template {
  const stack = testStack();
  sqsIn(stack, props);
  return Template.fromStack(stack);
}

describe('the mapping', () => {
  test('reports failures by message and limits the number of sandboxes', () => {
    const mappings = Object.values(templateWith().findResources('AWS::Lambda::EventSourceMapping'));
    expect(mappings.map(({ Properties }) => Properties)).toEqual([
      {
        BatchSize: 10,
        EventSourceArn: { 'Fn::GetAtt': [expect.stringMatching(/^SqsSourceQueue/), 'Arn'] },
        FunctionName: { Ref: expect.stringMatching(/^SqsProducerFunction/) },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 10 },
      },
    ]);
  });

  test('takes batch size, window, concurrency and filters', () => {
    templateWith({
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(5),
      maxConcurrency: 50,
      filters: [lambda.FilterCriteria.filter({ body: { kind: lambda.FilterRule.isEqual('order') } })],
    }).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 5,
      ScalingConfig: { MaximumConcurrency: 50 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] },
    });
  });
});

describe('the created queues', () => {
  test('are encrypted, kept, nameless, and redrive what fails five times', () => {
    const template = templateWith();
    template.hasResource('AWS::SQS::Queue', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        SqsManagedSseEnabled: true,
        VisibilityTimeout: 180,
        RedrivePolicy: {
          deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SqsSourceDeadLetters'), 'Arn'] },
          maxReceiveCount: 5,
        },
        QueueName: Match.absent(),
        FifoQueue: Match.absent(),
      },
    });
    template.hasResource('AWS::SQS::Queue', {
      DeletionPolicy: 'Retain',
      Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600, RedrivePolicy: Match.absent() },
    });
  });

  test('refuse what does not come by TLS', () => {
    const policies = Object.values(templateWith().findResources('AWS::SQS::QueuePolicy'));
    expect(policies.map(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      [expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      [expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
    ]);
  });

  test('are both FIFO or neither', () => {
    const queues = Object.values(templateWith({ fifo: true }).findResources('AWS::SQS::Queue'));
    expect(queues.map(({ Properties }) => Properties.FifoQueue)).toEqual([true, true]);
  });

  test('hide messages for six times the timeout of the function and the window', () => {
    templateWith({
      functionOptions: { timeout: Duration.seconds(60) },
      maxBatchingWindow: Duration.seconds(20),
    }).hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 380 });
  });

  test('go with the stack where that is wished', () => {
    const queues = Object.values(
      templateWith({ removalPolicy: RemovalPolicy.DESTROY }).findResources('AWS::SQS::Queue'),
    );
    expect(queues.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Delete', 'Delete']);
  });

  test('take a key and other options, and the function may decrypt with that key', () => {
    const stack = testStack();
    const key = new kms.Key(stack, 'Key', { enableKeyRotation: true });
    sqsIn(stack, {
      queueOptions: { encryptionMasterKey: key, deliveryDelay: Duration.seconds(3) },
      maxReceiveCount: 9,
    });
    const template = Template.fromStack(stack);
    const queues = Object.values(template.findResources('AWS::SQS::Queue')).map(({ Properties }) => Properties);
    const KmsMasterKeyId = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
    expect(queues).toEqual([
      expect.objectContaining({ KmsMasterKeyId }),
      expect.objectContaining({
        KmsMasterKeyId,
        DelaySeconds: 3,
        RedrivePolicy: expect.objectContaining({ maxReceiveCount: 9 }),
      }),
    ]);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Decrypt' })]) },
    });
  });
});

test('the function may consume this queue and no other', () => {
  const [policy] = Object.values(templateWith().findResources('AWS::IAM::Policy'));
  const statements: { Action: string[] }[] = policy?.Properties.PolicyDocument.Statement;
  expect(statements.filter(({ Action }) => Action.some((action) => action.startsWith('sqs:')))).toEqual([
    {
      Effect: 'Allow',
      Action: [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:GetQueueUrl',
        'sqs:ReceiveMessage',
      ],
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^SqsSourceQueue/), 'Arn'] },
    },
  ]);
});

test('senders get no more than what sending needs', () => {
  const stack = testStack();
  const sender = new iam.User(stack, 'Sender');
  sqsIn(stack).grantSendMessages(sender).assertSuccess();
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [Match.objectLike({ Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'] })],
    },
  });
});

describe('the alarms', () => {
  test('go off on any dead letter and any function error, and stay silent without data', () => {
    const template = templateWith();
    const always = { Threshold: 0, ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' };
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...always,
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Statistic: 'Maximum',
      Dimensions: [
        { Name: 'QueueName', Value: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SqsSourceDeadLetters'), 'QueueName'] } },
      ],
      AlarmActions: Match.absent(),
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...always,
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^SqsProducerFunction') } }],
    });
  });

  test('all have the given actions', () => {
    const stack = testStack();
    const topic = sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:123456789012:alarms');
    sqsIn(stack, { alarmActions: [new SnsAction(topic)] });
    Template.fromStack(stack).allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [topic.topicArn] });
  });
});

describe('an existing queue', () => {
  test('is read, and nothing is created beside it', () => {
    const stack = testStack();
    sqsIn(stack, {
      existingQueue: sqs.Queue.fromQueueArn(stack, 'Queue', nowhere),
      deadLetterQueue: sqs.Queue.fromQueueArn(stack, 'Dead', `${nowhere}-dead`),
      visibilityTimeout: Duration.seconds(180),
    });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SQS::Queue', 0);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { EventSourceArn: nowhere });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 2);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('of another app leaves warnings about what cannot be checked, and no alarm that watches nothing', () => {
    const stack = testStack();
    const { deadLetterAlarm } = sqsIn(stack, { existingQueue: sqs.Queue.fromQueueArn(stack, 'Queue', nowhere) });
    expect(deadLetterAlarm).toBeUndefined();
    expect(warningsOf(stack)).toEqual([
      expect.stringContaining('[ack: rocketmq-lambda:sqs-visibility-timeout-unknown]'),
      expect.stringContaining('[ack: rocketmq-lambda:sqs-dead-letter-queue-unknown]'),
    ]);
  });

  test('of this app is checked by what it says of itself', () => {
    const stack = testStack();
    const deadLetterQueue = new sqs.Queue(stack, 'Dead');
    const existingQueue = new sqs.Queue(stack, 'Queue', {
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 3 },
    });
    expect(sqsIn(stack, { existingQueue }).deadLetterQueue).toBe(deadLetterQueue);
    expect(warningsOf(stack)).toEqual([]);
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:sqs-visibility-timeout\] The visibility timeout of the queue is 30 s/),
    ]);
  });

  test('knows that it is FIFO by its name', () => {
    const stack = testStack();
    sqsIn(stack, {
      existingQueue: sqs.Queue.fromQueueArn(stack, 'Queue', `${nowhere}.fifo`),
      visibilityTimeout: Duration.minutes(5),
      batchSize: 20,
    });
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:sqs-batch-size\] .* FIFO/)]);
  });

  test('does not take props that are about a created one', () => {
    const stack = testStack();
    sqsIn(stack, {
      existingQueue: new sqs.Queue(stack, 'Queue', { visibilityTimeout: Duration.minutes(5) }),
      visibilityTimeout: Duration.minutes(4),
      fifo: true,
      maxReceiveCount: 3,
    });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(
        /^\[rocketmq-lambda:existing-queue\] fifo, maxReceiveCount, visibilityTimeout would have no effect/,
      ),
    ]);
  });
});

test('an existing dead-letter queue serves a created queue', () => {
  const stack = testStack();
  const deadLetterQueue = new sqs.Queue(stack, 'Dead');
  sqsIn(stack, { deadLetterQueue });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::SQS::Queue', 2);
  template.hasResourceProperties('AWS::SQS::Queue', {
    RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Dead'), 'Arn'] } },
  });
});

test.each<[string, boolean, (stack: Stack) => sqs.IQueue, RegExp | undefined]>([
  ['a FIFO queue with one of its kind', true, (stack) => new sqs.Queue(stack, 'Dead', { fifo: true }), undefined],
  ['a FIFO queue with a standard one', true, (stack) => new sqs.Queue(stack, 'Dead'), /is standard, .* is FIFO/],
  [
    'a standard queue with a FIFO one',
    false,
    (stack) => sqs.Queue.fromQueueArn(stack, 'Dead', `${nowhere}-dead.fifo`),
    /is FIFO, .* is standard/,
  ],
  [
    'a FIFO queue with one whose kind is known at deployment only',
    true,
    (stack) => sqs.Queue.fromQueueArn(stack, 'Dead', Lazy.string({ produce: () => `${nowhere}-dead.fifo` })),
    undefined,
  ],
])('of dead-letter queues, %s is checked', (_title, fifo, makeQueue, fault) => {
  const stack = testStack();
  sqsIn(stack, { ...(fifo && { fifo }), deadLetterQueue: makeQueue(stack) });
  expect(errorsOf(stack)).toEqual(fault === undefined ? [] : [expect.stringMatching(fault)]);
  for (const error of errorsOf(stack)) expect(error).toContain('[rocketmq-lambda:dead-letter-queue-fifo]');
});

test('an existing queue and its dead-letter queue are of one kind too', () => {
  const stack = testStack();
  sqsIn(stack, {
    existingQueue: sqs.Queue.fromQueueArn(stack, 'Queue', `${nowhere}.fifo`),
    deadLetterQueue: sqs.Queue.fromQueueArn(stack, 'Dead', `${nowhere}-dead`),
    visibilityTimeout: Duration.minutes(5),
  });
  expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:dead-letter-queue-fifo\]/)]);
});

test.each<[string, Partial<SqsToRocketMqProps>]>([
  ['the timeout of the function', { functionOptions: { timeout: Duration.seconds(atDeployment) } }],
  ['the batching window', { maxBatchingWindow: Duration.seconds(atDeployment) }],
])('where %s is known at deployment only, the visibility timeout must be given', (_title, props) => {
  const stack = testStack();
  sqsIn(stack, props);
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(
      /^\[rocketmq-lambda:sqs-visibility-timeout\] .* known at deployment only.* Give visibilityTimeout/,
    ),
  ]);
  expect(warningsOf(stack)).toEqual([]);
  const told = testStack();
  sqsIn(told, { ...props, visibilityTimeout: Duration.minutes(10) });
  expect([...errorsOf(told), ...warningsOf(told)]).toEqual([]);
  Template.fromStack(told).hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 600 });
});

test.each([0, 1.5, 1001])('a queue cannot give up a message after %d deliveries', (maxReceiveCount) => {
  const stack = testStack();
  sqsIn(stack, { maxReceiveCount });
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(
      /^\[rocketmq-lambda:sqs-max-receive-count\] maxReceiveCount is [0-9.]+; SQS allows whole numbers from 1 to 1000/,
    ),
  ]);
});

test.each([1, 1000, atDeployment])('a queue gives up a message after %d deliveries', (maxReceiveCount) => {
  const stack = testStack();
  sqsIn(stack, { maxReceiveCount });
  expect(errorsOf(stack)).toEqual([]);
});

test('all faults are told in one synth, which fails', () => {
  const stack = testStack();
  sqsIn(stack, { topic: 'a b', batchSize: 20, maxConcurrency: 1, visibilityTimeout: Duration.seconds(60) });
  expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
    '[rocketmq-lambda:sqs-batching-window]',
    '[rocketmq-lambda:sqs-max-concurrency]',
    '[rocketmq-lambda:sqs-visibility-timeout]',
    '[rocketmq-lambda:topic]',
  ]);
  expect(() => Template.fromStack(stack)).toThrow('[rocketmq-lambda:sqs-visibility-timeout]');
});

test('the lag is the age of the oldest message', () => {
  const sqsToRocketMq = sqsIn(testStack());
  expect(sqsToRocketMq.metricLag().toMetricConfig().metricStat).toMatchObject({
    namespace: 'AWS/SQS',
    metricName: 'ApproximateAgeOfOldestMessage',
    statistic: 'Maximum',
  });
});
