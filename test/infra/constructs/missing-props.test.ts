import type { Stack } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import * as pack from '../../../infra/index.ts';
import { sourceConstructs } from '../../package/source-apps.ts';
import { errorsOf, testStack } from '../test-app.ts';

/** Of every construct that sends, or has others send. */
const props = {
  topic: 'orders',
  topics: ['orders'],
  producerGroup: 'orders',
  kafkaTopic: 'orders',
  consumerGroupId: 'orders',
  mskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1',
};

/** As an app in JavaScript does it, which no compiler tells what it forgot, or wrote in another way. */
function make(construct: string, stack: Stack, name: string, value?: unknown): void {
  const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  const made = Reflect.construct(Reflect.get(pack, construct), [stack, 'Made', { ...props, cluster, [name]: value }]);
  expect(made).toBeInstanceOf(Construct);
}

describe.each(sourceConstructs)('%s', (construct) => {
  const topic = construct === 'TransactionChecker' ? 'topics' : 'topic';
  test.each([
    ['cluster', '[rocketmq-lambda:cluster] cluster is missing'],
    ['producerGroup', '[rocketmq-lambda:producer-group] Producer group is missing'],
    [topic, '[rocketmq-lambda:topic] '],
  ])('tells at synth that %s is missing', (missing, text) => {
    const stack = testStack();
    make(construct, stack, missing);
    const errors = errorsOf(stack);
    expect(errors).toContainEqual(expect.stringContaining(text));
    expect(errors.filter((error) => !error.startsWith(text))).toEqual([]);
  });
});

test.each([
  ['KafkaToRocketMq', 'kafkaTopic', undefined, '[rocketmq-lambda:kafka-topic] kafkaTopic is undefined;'],
  ['SqsToRocketMq', 'deduplicate', 'on', '[rocketmq-lambda:deduplicate] deduplicate is "on", but must be one of'],
  ['SqsToRocketMq', 'sendTimeout', 5000, '[rocketmq-lambda:send-timeout] sendTimeout is 5000, but must be a Duration'],
  [
    'SqsToRocketMq',
    'brokerZones',
    'a=az1',
    '[rocketmq-lambda:broker-zones] brokerZones is "a=az1", but must be an object',
  ],
  ['SqsToRocketMq', 'brokerZones', null, '[rocketmq-lambda:broker-zones] brokerZones is null, but must be an object'],
  [
    'TransactionChecker',
    'topics',
    'orders',
    '[rocketmq-lambda:topic] topics must be a list of topics, but is "orders"',
  ],
  ['HttpToRocketMq', 'endpoint', 'httpapi', '[rocketmq-lambda:http-endpoint] endpoint is "httpapi", but must be'],
])('%s tells at synth that %s is %j', (construct, name, value, text) => {
  const stack = testStack();
  make(construct, stack, name, value);
  expect(errorsOf(stack)).toEqual([expect.stringContaining(text)]);
});

test('KafkaToRocketMq tells at synth that bootstrapServers is text, once', () => {
  const stack = testStack();
  const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  const secret = Secret.fromSecretNameV2(stack, 'Secret', 'kafka');
  const authentication = pack.KafkaAuthentication.plain(secret);
  const { mskClusterArn: _notBoth, ...given } = {
    ...props,
    cluster,
    authentication,
    bootstrapServers: 'a.example:9096',
  };
  Reflect.construct(pack.KafkaToRocketMq, [stack, 'Kafka', given]);
  expect(errorsOf(stack)).toEqual([
    '[rocketmq-lambda:kafka-cluster] bootstrapServers must be a list, each host:port, but is "a.example:9096".',
  ]);
});

test('RocketMqCluster tells at synth that tls is text, and does not leave connections open', () => {
  const stack = testStack();
  const given = { nameServers: ['10.0.1.5:9876'], tls: 'true' };
  Reflect.construct(pack.RocketMqCluster, [stack, 'Cluster', given]);
  expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:tls\] tls is "true", but must be/)]);
});
