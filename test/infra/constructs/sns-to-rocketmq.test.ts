import { Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { SnsToRocketMq, type SnsToRocketMqProps } from '../../../infra/constructs/sns-to-rocketmq.ts';
import { acknowledgementsOf, violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

const topicArn = 'arn:aws:sns:eu-west-1:123456789012:orders';

function snsIn(stack: Stack, props: Partial<SnsToRocketMqProps> = {}): SnsToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new SnsToRocketMq(stack, 'Sns', { cluster, topic: 'orders', producerGroup: 'orders', ...props });
}

describe('with default props', () => {
  const stack = testStack();
  const source = snsIn(stack);
  const template = Template.fromStack(stack);
  const deadLetters = { 'Fn::GetAtt': [Match.stringLikeRegexp('^SnsDeadLetters'), 'Arn'] };

  test('violates no rule of cdk-nag, and acknowledges these', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      'Sns/DeadLetters AwsSolutions-SQS3',
      'Sns/DeadLetters Serverless-SQSRedrivePolicy',
      'Sns/Producer/Function Serverless-LambdaTracing',
      'Sns/Producer/Function Serverless-LambdaDLQ',
    ]);
  });

  test('subscribes the function to a topic that wants TLS, with a queue for what cannot be handed over', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { TopicName: Match.absent() });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'lambda',
      Endpoint: { 'Fn::GetAtt': [Match.stringLikeRegexp('^SnsProducerFunction'), 'Arn'] },
      RedrivePolicy: { deadLetterTargetArn: deadLetters },
      FilterPolicy: Match.absent(),
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'sns.amazonaws.com',
      SourceArn: { Ref: Match.stringLikeRegexp('^SnsTopic') },
    });
  });

  test('has Lambda try again twice in six hours, and then keep the event with its error', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumEventAgeInSeconds: 21_600,
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: deadLetters } },
    });
    template.hasResource('AWS::SQS::Queue', {
      DeletionPolicy: 'Retain',
      Properties: { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 },
    });
  });

  test('lets the function read one parameter, write its logs and fill its dead-letter queue, and nothing else', () => {
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const statements: { Action: string[]; Resource: unknown }[] = policy?.Properties.PolicyDocument.Statement;
    expect(statements.flatMap(({ Action }) => Action).toSorted()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:SendMessage',
      'ssm:GetParameter',
      'ssm:GetParameters',
    ]);
    expect(JSON.stringify(statements)).not.toContain('"*"');
  });

  test('has alarms for failures, dead letters and lost events', () => {
    expect(source.alarms).toHaveLength(4);
    for (const MetricName of [
      'Errors',
      'ApproximateNumberOfMessagesVisible',
      'DestinationDeliveryFailures',
      'NumberOfNotificationsFailedToRedriveToDlq',
    ]) {
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        MetricName,
        Threshold: 0,
        TreatMissingData: 'notBreaching',
      });
    }
  });

  test('tells the age of events as its lag', () => {
    expect(source.metricLag().toMetricConfig().metricStat).toMatchObject({
      namespace: 'AWS/Lambda',
      metricName: 'AsyncEventAge',
      statistic: 'Maximum',
    });
  });

  test('reports nothing', () => {
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });
});

test('filters, retries and alarm actions reach the template', () => {
  const stack = testStack();
  snsIn(stack, {
    filterPolicy: { kind: sns.SubscriptionFilter.stringFilter({ allowlist: ['order'] }) },
    functionOptions: { retryAttempts: 1, maxEventAge: Duration.hours(1) },
    alarmActions: [new SnsAction(sns.Topic.fromTopicArn(stack, 'Alarms', `${topicArn}-alarms`))],
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::SNS::Subscription', { FilterPolicy: { kind: ['order'] } });
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    MaximumEventAgeInSeconds: 3600,
    MaximumRetryAttempts: 1,
  });
  template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [`${topicArn}-alarms`] });
});

test('bodies can be filtered too', () => {
  const stack = testStack();
  snsIn(stack, {
    filterPolicyWithMessageBody: { kind: sns.FilterOrPolicy.filter(sns.SubscriptionFilter.existsFilter()) },
  });
  Template.fromStack(stack).hasResourceProperties('AWS::SNS::Subscription', { FilterPolicyScope: 'MessageBody' });
});

test('attributes and bodies cannot be filtered both, for a subscription has one policy', () => {
  const stack = testStack();
  const byKind = sns.SubscriptionFilter.stringFilter({ allowlist: ['order'] });
  snsIn(stack, {
    filterPolicy: { kind: byKind },
    filterPolicyWithMessageBody: { kind: sns.FilterOrPolicy.filter(byKind) },
  });
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(
      /^\[rocketmq-lambda:sns-filter-policy\] filterPolicyWithMessageBody would have no effect: filterPolicy is given/,
    ),
  ]);
});

test('another failure destination of the function takes the place of the queue there', () => {
  const stack = testStack();
  const elsewhere = sqs.Queue.fromQueueArn(stack, 'Elsewhere', 'arn:aws:sqs:eu-west-1:123456789012:elsewhere');
  snsIn(stack, { functionOptions: { onFailure: new SqsDestination(elsewhere) } });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    DestinationConfig: { OnFailure: { Destination: elsewhere.queueArn } },
  });
});

test('a dead-letter queue with a key of its own lets SNS and the function use the key', () => {
  const stack = testStack();
  const key = new kms.Key(stack, 'Key');
  snsIn(stack, { deadLetterQueue: new sqs.Queue(stack, 'Dead', { encryptionMasterKey: key }) });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::SQS::Queue', 1);
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          Principal: { Service: 'sns.amazonaws.com' },
        }),
      ]),
    },
  });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['kms:Decrypt']) })]) },
  });
});

test('a dead-letter queue with the managed key of SQS is refused, for SNS cannot use it', () => {
  const stack = testStack();
  const deadLetterQueue = new sqs.Queue(stack, 'Dead', { encryption: sqs.QueueEncryption.KMS_MANAGED });
  snsIn(stack, { deadLetterQueue });
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(/^\[rocketmq-lambda:dead-letter-queue-key\] .* alias\/aws\/sqs/),
  ]);
});

describe('an imported dead-letter queue, whose policy is not changed,', () => {
  const importedIn = (stack: Stack) => sqs.Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead');

  test('is warned of, with what its policy must say', () => {
    const stack = testStack();
    snsIn(stack, {
      deadLetterQueue: importedIn(stack),
      existingSnsTopic: sns.Topic.fromTopicArn(stack, 'Topic', topicArn),
    });
    expect(errorsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([
      expect.stringMatching(
        /sqs:SendMessage to sns\.amazonaws\.com .*aws:SourceArn is arn:aws:sns:eu-west-1:123456789012:orders.*\[ack: rocketmq-lambda:dead-letter-queue-policy\]/,
      ),
    ]);
  });

  test('is warned of with the path of a topic whose ARN is known at deployment only', () => {
    const stack = testStack();
    snsIn(stack, { deadLetterQueue: importedIn(stack) });
    expect(warningsOf(stack)).toEqual([expect.stringContaining('aws:SourceArn is the ARN of Test/Sns/Topic')]);
  });

  test('of this app is changed, and not warned of', () => {
    const stack = testStack();
    snsIn(stack, { deadLetterQueue: new sqs.Queue(stack, 'Dead') });
    expect(warningsOf(stack)).toEqual([]);
    Template.fromStack(stack).hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: { Statement: [Match.objectLike({ Principal: { Service: 'sns.amazonaws.com' } })] },
    });
  });
});

test('publishers get no more than publishing', () => {
  const stack = testStack();
  const publisher = new iam.User(stack, 'Publisher');
  snsIn(stack).grantPublish(publisher).assertSuccess();
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: [Match.objectLike({ Action: 'sns:Publish' })] },
    Users: [{ Ref: Match.stringLikeRegexp('^Publisher') }],
  });
});

test('an existing topic is subscribed to, and none is created', () => {
  const stack = testStack();
  snsIn(stack, { existingSnsTopic: sns.Topic.fromTopicArn(stack, 'Topic', topicArn) });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::SNS::Topic', 0);
  template.hasResourceProperties('AWS::SNS::Subscription', { TopicArn: topicArn });
});

test('faults are told all at once', () => {
  const stack = testStack();
  snsIn(stack, {
    existingSnsTopic: sns.Topic.fromTopicArn(stack, 'Topic', `${topicArn}.fifo`),
    snsTopicOptions: { displayName: 'orders' },
    deadLetterQueue: sqs.Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead.fifo'),
    functionOptions: { retryAttempts: 3, maxEventAge: Duration.seconds(1) },
  });
  expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
    '[rocketmq-lambda:async-retry-attempts]',
    '[rocketmq-lambda:async-event-age]',
    '[rocketmq-lambda:dead-letter-queue-fifo]',
    '[rocketmq-lambda:sns-fifo]',
    '[rocketmq-lambda:existing-sns-topic]',
  ]);
});
