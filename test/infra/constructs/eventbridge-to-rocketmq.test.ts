import { Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import {
  EventBridgeToRocketMq,
  type EventBridgeToRocketMqProps,
} from '../../../infra/constructs/eventbridge-to-rocketmq.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { acknowledgementsOf, violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

function eventBridgeIn(stack: Stack, props: Partial<EventBridgeToRocketMqProps> = {}): EventBridgeToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new EventBridgeToRocketMq(stack, 'Events', { cluster, topic: 'orders', producerGroup: 'orders', ...props });
}

const orderPlaced: events.EventPattern = { source: ['shop'], detailType: ['OrderPlaced'] };

test('an imported dead-letter queue is warned of, with what its policy must say', () => {
  const stack = testStack();
  const deadLetterQueue = sqs.Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead');
  eventBridgeIn(stack, { deadLetterQueue });
  expect(warningsOf(stack)).toEqual([
    expect.stringMatching(
      /sqs:SendMessage to events\.amazonaws\.com .*aws:SourceArn is the ARN of Test\/.*Rule.*\[ack: rocketmq-lambda:dead-letter-queue-policy\]/,
    ),
  ]);
});

describe('with default props', () => {
  const stack = testStack();
  const { archive, alarms } = eventBridgeIn(stack);
  const template = Template.fromStack(stack);
  const deadLetters = { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsDeadLetters'), 'Arn'] };

  test('has an alarm for events that the rule could neither hand over nor put into the dead-letter queue', () => {
    const rule = { Ref: Match.stringLikeRegexp('^EventsRule') };
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'InvocationsFailedToBeSentToDlq',
      Namespace: 'AWS/Events',
      Statistic: 'Sum',
      Threshold: 0,
      TreatMissingData: 'notBreaching',
      Dimensions: [
        { Name: 'EventBusName', Value: { Ref: Match.stringLikeRegexp('^EventsBus') } },
        // Its name is "bus|rule" on a bus of one's own, and "rule" on the default one.
        {
          Name: 'RuleName',
          Value: { 'Fn::Select': [1, { 'Fn::Split': ['|', { 'Fn::Join': ['', [rule, '|', rule]] }] }] },
        },
      ],
    });
    expect(alarms).toHaveLength(4);
  });

  test('violates no rule of cdk-nag, and acknowledges these', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      'Events/DeadLetters AwsSolutions-SQS3',
      'Events/DeadLetters Serverless-SQSRedrivePolicy',
      'Events/Producer/Function Serverless-LambdaTracing',
      'Events/Producer/Function Serverless-LambdaDLQ',
    ]);
  });

  test('hands every event of a bus of its own to the function, and keeps what could not be handed over', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: Match.stringLikeRegexp('^EventsBus') },
      EventPattern: { source: [{ prefix: '' }] },
      Name: Match.absent(),
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsProducerFunction'), 'Arn'] },
          DeadLetterConfig: { Arn: deadLetters },
          Id: 'Target0',
        },
      ],
    });
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsRule'), 'Arn'] },
    });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'sqs:SendMessage',
            Principal: { Service: 'events.amazonaws.com' },
            Condition: {
              ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsRule'), 'Arn'] } },
            },
          }),
        ]),
      },
    });
  });

  test('keeps what the function could not deliver', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      DestinationConfig: { OnFailure: { Destination: deadLetters } },
    });
  });

  test('has no archive, and reports nothing', () => {
    expect(archive).toBeUndefined();
    template.resourceCountIs('AWS::Events::Archive', 0);
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });
});

test('pattern, handover and archive reach the template', () => {
  const stack = testStack();
  eventBridgeIn(stack, {
    existingEventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'shop'),
    eventPattern: orderPlaced,
    handoverMaxAge: Duration.hours(2),
    handoverRetryAttempts: 0,
    archiveRetention: Duration.days(30),
  });
  const template = Template.fromStack(stack);
  const EventPattern = { source: ['shop'], 'detail-type': ['OrderPlaced'] };
  template.resourceCountIs('AWS::Events::EventBus', 0);
  template.hasResourceProperties('AWS::Events::Rule', {
    EventBusName: 'shop',
    EventPattern,
    Targets: [Match.objectLike({ RetryPolicy: { MaximumEventAgeInSeconds: 7200, MaximumRetryAttempts: 0 } })],
  });
  template.hasResourceProperties('AWS::Events::Archive', { RetentionDays: 30, EventPattern });
});

test('who puts events may put them on this bus only', () => {
  const stack = testStack();
  const sender = new iam.User(stack, 'Sender');
  eventBridgeIn(stack).grantPutEvents(sender).assertSuccess();
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [
        Match.objectLike({
          Action: 'events:PutEvents',
          Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsBus'), 'Arn'] },
        }),
      ],
    },
  });
});

test.each<[string, Partial<EventBridgeToRocketMqProps>, string, RegExp]>([
  ['a handover of half a minute', { handoverMaxAge: Duration.seconds(30) }, 'event-handover', /from 60 to 86400/],
  ['a handover of two days', { handoverMaxAge: Duration.days(2) }, 'event-handover', /is 172800 s/],
  ['186 tries', { handoverRetryAttempts: 186 }, 'event-handover', /from 0 to 185/],
  ['an archive for half a day', { archiveRetention: Duration.hours(12) }, 'archive-retention', /is 0.5 days/],
])('%s is refused', (_title, props, id, text) => {
  const stack = testStack();
  eventBridgeIn(stack, props);
  expect(errorsOf(stack)).toEqual([expect.stringMatching(text)]);
  expect(errorsOf(stack)[0]).toContain(`[rocketmq-lambda:${id}]`);
});

test.each([{}, undefined])(
  'an existing bus with the pattern %o is refused, for it would bring everything',
  (pattern) => {
    const stack = testStack();
    eventBridgeIn(stack, {
      existingEventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'default'),
      eventBusOptions: {},
      ...(pattern !== undefined && { eventPattern: pattern }),
    });
    expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
      '[rocketmq-lambda:event-pattern]',
      '[rocketmq-lambda:existing-event-bus]',
    ]);
  },
);
