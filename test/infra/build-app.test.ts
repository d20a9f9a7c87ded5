import { CfnResource, Stack } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test } from 'vitest';
import { buildApp } from '../../infra/build-app.ts';
import { sourceNames } from '../../infra/source-keys.ts';
import { acknowledgementsOf, violationsOf } from './nag.ts';
import { testAppProps } from './test-app.ts';

const inVpc = {
  nameServers: '10.0.1.5:9876',
  vpcId: 'vpc-0123456789abcdef0',
  availabilityZones: 'eu-west-1a',
  privateSubnetIds: 'subnet-0123456789abcdef0',
  brokerCidr: '10.0.0.0/16',
};

const everywhere = [
  ['SqsToRocketMq/Producer/Function', 'Serverless-LambdaDLQ'],
  ['SqsToRocketMq/Producer/Function', 'Serverless-LambdaTracing'],
  ['SqsToRocketMq/Mapping', 'Serverless-LambdaEventSourceMappingDestination'],
];
const ofCreatedQueues = [
  ['SqsToRocketMq/Source/DeadLetters', 'AwsSolutions-SQS3'],
  ['SqsToRocketMq/Source/DeadLetters', 'Serverless-SQSRedrivePolicy'],
];
const ofTheVpc = [
  ['Vpc', '@aws-cdk/aws-ec2:noSubnetRouteTableId'],
  ['SqsToRocketMq/Producer/Role', 'AwsSolutions-IAM5[Resource::*]'],
  ['SqsToRocketMq/Producer/Role', 'Serverless-LambdaStarPermissions'],
];

function stackOf(context: Record<string, unknown>): Stack {
  const [stack] = buildApp(testAppProps(context)).node.children.filter(Stack.isStack);
  if (stack === undefined) throw new Error('the app has no stack');
  return stack;
}

describe.each<[string, Record<string, unknown>, string[][]]>([
  ['without any context', {}, [...everywhere, ...ofCreatedQueues]],
  ['with a FIFO queue', { fifo: true, nameServers: 'a:9876' }, [...everywhere, ...ofCreatedQueues]],
  ['in a VPC', inVpc, [...everywhere, ...ofCreatedQueues, ...ofTheVpc]],
  [
    'with everything that exists already',
    {
      nameServerParameterName: '/rocketmq/name-servers',
      queueArn: 'arn:aws:sqs:eu-west-1:123456789012:orders',
      deadLetterQueueArn: 'arn:aws:sqs:eu-west-1:123456789012:orders-dead',
      visibilityTimeoutSeconds: 180,
    },
    everywhere,
  ],
])('the stack %s', (_title, context, acknowledged) => {
  const stack = stackOf(context);

  test('violates no rule of cdk-nag', () => {
    expect(violationsOf(stack)).toEqual([]);
  });

  test('acknowledges these rules and no others, each with a reason in a sentence', () => {
    const found = acknowledgementsOf(stack);
    const inOrder = (pairs: string[][]) => pairs.map((pair) => pair.join(' ')).sort();
    expect(inOrder(found.map(({ path, rule }) => [path, rule]))).toEqual(inOrder(acknowledged));
    for (const { reason } of found) expect(reason).toMatch(/^[A-Z].{30,}\.$/);
  });
});

test('the stack with every source violates no rule of cdk-nag', () => {
  const stack = stackOf({
    ...inVpc,
    sources: sourceNames.join(','),
    kafkaTopic: 'orders',
    kafkaConsumerGroup: 'orders-to-rocketmq',
    mskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0123-4567',
  });
  expect(violationsOf(stack)).toEqual([]);
  for (const { reason } of acknowledgementsOf(stack)) expect(reason).toMatch(/^[A-Z].{30,}\.$/);
});

test('the rules of cdk-nag bite', () => {
  const stack = stackOf({});
  new sqs.Queue(stack, 'Careless');
  expect(violationsOf(stack)).toContain('AwsSolutions-SQS3');
});

test('the rules of CloudFormation bite', () => {
  const stack = stackOf({});
  new CfnResource(stack, 'Careless', { type: 'AWS::SSM::Parameter', properties: { Type: 'String', Worth: 'x' } });
  expect(violationsOf(stack)).toEqual([expect.stringContaining('Worth'), expect.stringContaining('Value')]);
});

test('synth fails when a rule is violated', () => {
  const app = buildApp(testAppProps());
  const [stack] = app.node.children.filter(Stack.isStack);
  new sqs.Queue(stack ?? app, 'Careless');
  expect(() => app.synth()).toThrow('AwsSolutions');
});

test('a wrong context is refused before anything is built', () => {
  expect(() => buildApp(testAppProps({ batchsize: 10 }))).toThrow('batchsize: is not a key of this app');
});
