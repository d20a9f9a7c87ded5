import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import {
  type ProducerFunctionOptions,
  RocketMqProducerFunction,
} from '../../../infra/constructs/rocketmq-producer-function.ts';
import { ScheduleKeepWarm, type ScheduleKeepWarmProps } from '../../../infra/constructs/schedule-keep-warm.ts';
import { violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

const settings = { topic: 'orders', producerGroup: 'orders' };

function keepWarmIn(stack: Stack, props: Partial<ScheduleKeepWarmProps> = {}): ScheduleKeepWarm {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new ScheduleKeepWarm(stack, 'Warm', { cluster, ...settings, ...props });
}

function producerIn(stack: Stack, source: string, options: ProducerFunctionOptions = {}): RocketMqProducerFunction {
  const cluster = new RocketMqCluster(stack, `ClusterOf${source}`, { nameServers: ['10.0.1.5:9876'] });
  return new RocketMqProducerFunction(stack, source, { ...options, cluster, ...settings, source });
}

const propertiesOf = (template: Template, type: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties);

describe('by default', () => {
  const stack = testStack();
  keepWarmIn(stack);
  const template = Template.fromStack(stack);

  test('one function is invoked every minute, without retries anywhere', () => {
    expect(propertiesOf(template, 'AWS::Scheduler::Schedule')).toEqual([
      {
        Description: expect.stringContaining('Due work without messages'),
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: 'rate(1 minute)',
        ScheduleExpressionTimezone: 'Etc/UTC',
        State: 'ENABLED',
        Target: {
          Arn: { 'Fn::GetAtt': [expect.stringMatching(/^WarmProducerFunction/), 'Arn'] },
          Input: '{}',
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
          RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^WarmClockRole/), 'Arn'] },
        },
      },
    ]);
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });

  test('the role of the schedule may invoke that function, and is for schedules of this account', () => {
    const [policy] = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) =>
      id.startsWith('WarmClock'),
    );
    expect(policy?.[1].Properties.PolicyDocument.Statement).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^WarmProducerFunction/), 'Arn'] },
      },
    ]);
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: { Service: 'scheduler.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
    });
  });

  test('no rule of cdk-nag is violated, and nothing is warned of', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([]);
  });
});

test('other functions are invoked too, each with an event of its source that asks for nothing', () => {
  const stack = testStack();
  keepWarmIn(stack, { producers: ['sqs', 'kafka', 'direct'].map((source) => producerIn(stack, source)) });
  const template = Template.fromStack(stack);
  const targets = propertiesOf(template, 'AWS::Scheduler::Schedule').map(({ Target }) => [
    Target.Arn['Fn::GetAtt'][0].replace(/Function.*/, ''),
    Target.Input,
  ]);
  expect(targets).toEqual([
    ['WarmProducer', '{}'],
    ['sqs', '{"Records":[]}'],
    ['kafka', '{"eventSource":"aws:kafka","records":{}}'],
    ['direct', '[]'],
  ]);
  template.resourcePropertiesCountIs(
    'AWS::IAM::Role',
    { AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'scheduler.amazonaws.com' } }] } },
    1,
  );
});

describe('an event of a function that fails', () => {
  const ownOptions = { retryAttempts: 1, maxEventAge: Duration.hours(1) };

  test('is not repeated where nothing else invokes the function asynchronously', () => {
    const stack = testStack();
    const producers = ['sqs', 'kinesis', 'dynamodb', 'kafka', 'http'].map((source) => producerIn(stack, source));
    keepWarmIn(stack, { producers });
    Template.fromStack(stack).resourcePropertiesCountIs(
      'AWS::Lambda::EventInvokeConfig',
      { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      1 + producers.length,
    );
    expect(violationsOf(stack)).not.toContain('Serverless-LambdaAsyncFailureDestination');
  });

  test('is repeated where other events are to be, and where the user says so', () => {
    const stack = testStack();
    keepWarmIn(stack, {
      producers: [producerIn(stack, 'direct'), producerIn(stack, 'sns'), producerIn(stack, 'sqs', ownOptions)],
    });
    const configs = propertiesOf(Template.fromStack(stack), 'AWS::Lambda::EventInvokeConfig');
    expect(configs.map(({ MaximumRetryAttempts }) => MaximumRetryAttempts).toSorted()).toEqual([0, 1]);
  });

  test('is settled once for a function that two schedules keep warm', () => {
    const stack = testStack();
    const producers = [producerIn(stack, 'sqs')];
    keepWarmIn(stack, { producers });
    keepWarmIn(new Stack(stack, 'Other'), { producers });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::EventInvokeConfig', 2);
  });
});

test('the alarm goes off when the function fails, and has the given actions', () => {
  const stack = testStack();
  const topic = sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:123456789012:alarms');
  keepWarmIn(stack, { alarmActions: [new SnsAction(topic)] });
  Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    AlarmActions: [topic.topicArn],
  });
});

test('a failure destination of the user is kept', () => {
  const stack = testStack();
  const queue = new sqs.Queue(stack, 'Failed');
  keepWarmIn(stack, { functionOptions: { onFailure: new SqsDestination(queue), retryAttempts: 1 } });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: stack.resolve(queue.queueArn) } },
  });
});

describe('at synth', () => {
  test.each([Duration.seconds(30), Duration.seconds(90), Duration.millis(0)])(
    'a period of %s, which the Scheduler does not know, is a fault',
    (period) => {
      const stack = testStack();
      keepWarmIn(stack, { period });
      expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:keep-warm-period\] period is /)]);
    },
  );

  test('a period known at deployment only is taken as it is', () => {
    const stack = testStack();
    keepWarmIn(stack, { period: Duration.minutes(Lazy.number({ produce: () => 3 })) });
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
    Template.fromStack(stack).hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(3 minutes)',
    });
  });

  test('a function that understands no event without records is a fault', () => {
    const stack = testStack();
    keepWarmIn(stack, { producers: [producerIn(stack, 'transaction-check')] });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:keep-warm-source\] Test\/transaction-check cannot be kept warm/),
    ]);
  });

  test('a period over which connections are closed is warned of', () => {
    const stack = testStack();
    keepWarmIn(stack, { period: Duration.minutes(5) });
    expect(errorsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([
      expect.stringMatching(/^The period is 300 s.*\[ack: rocketmq-lambda:keep-warm-idle-connections\]/),
    ]);
  });
});
