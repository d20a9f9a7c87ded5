import { Duration, Fn, Lazy, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { KafkaDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { KafkaAuthentication } from '../../../infra/constructs/kafka-authentication.ts';
import { KafkaToRocketMq, type KafkaToRocketMqProps } from '../../../infra/constructs/kafka-to-rocketmq.ts';
import { RocketMqCluster, type RocketMqClusterProps } from '../../../infra/constructs/rocketmq-cluster.ts';
import { acknowledgementsOf, violationsOf } from '../nag.ts';
import { errorsOf, testStack, testVpc, warningsOf } from '../test-app.ts';

const place = 'arn:aws:kafka:eu-west-1:123456789012';
const uuid = '01234567-89ab-cdef-0123-456789abcdef-1';
const mskClusterArn = `${place}:cluster/orders/${uuid}`;

function kafkaIn(
  stack: Stack,
  props: Partial<KafkaToRocketMqProps>,
  clusterProps: Partial<RocketMqClusterProps> = {},
): KafkaToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'], ...clusterProps });
  const target = { cluster, topic: 'orders', producerGroup: 'orders' };
  return new KafkaToRocketMq(stack, 'Kafka', { kafkaTopic: 'orders', ...target, ...props });
}

const secretIn = (stack: Stack, name: string) =>
  secretsmanager.Secret.fromSecretCompleteArn(
    stack,
    name,
    `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-abcdef`,
  );

/** Statements of the function's role, by the resource they are about. */
function statementsOf(stack: Stack): { Action: string | string[]; Effect: string; Resource: unknown }[] {
  return Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
}

describe('MSK with IAM', () => {
  const stack = testStack();
  const source = kafkaIn(stack, { mskClusterArn, consumerGroupId: 'to-rocketmq' });
  const template = Template.fromStack(stack);

  test('violates no rule of cdk-nag, and acknowledges these', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      'Kafka/Producer/Role AwsSolutions-IAM5[Resource::*]',
      'Kafka/Producer/Role Serverless-LambdaStarPermissions',
      'Kafka/Producer/Function Serverless-LambdaTracing',
      'Kafka/Producer/Function Serverless-LambdaDLQ',
      'Kafka/DeadLetters AwsSolutions-SQS3',
      'Kafka/DeadLetters Serverless-SQSRedrivePolicy',
    ]);
  });

  test('is read in provisioned mode, the only one in which Lambda heeds which records failed', () => {
    const [mapping] = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
    expect(mapping?.Properties).toEqual({
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'to-rocketmq' },
      BatchSize: 100,
      BisectBatchOnFunctionError: true,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^KafkaDeadLetters/), 'Arn'] } },
      },
      EventSourceArn: mskClusterArn,
      FunctionName: { Ref: expect.stringMatching(/^KafkaProducerFunction/) },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRecordAgeInSeconds: 21_600,
      MaximumRetryAttempts: 10_000,
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 10 },
      StartingPosition: 'TRIM_HORIZON',
      Topics: ['orders'],
    });
  });

  test('may be read in this cluster, topic and group only; the network interfaces are denied to the code', () => {
    const ofKafka = statementsOf(stack).filter(({ Action }) =>
      [Action].flat().some((action) => /^(kafka|ec2)/.test(action)),
    );
    const pollerActions = [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ];
    expect(ofKafka).toEqual([
      {
        Effect: 'Allow',
        Action: [
          'kafka-cluster:Connect',
          'kafka-cluster:DescribeClusterDynamicConfiguration',
          'kafka:DescribeClusterV2',
          'kafka:GetBootstrapBrokers',
        ],
        Resource: mskClusterArn,
      },
      {
        Effect: 'Allow',
        Action: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
        Resource: `${place}:topic/orders/${uuid}/orders`,
      },
      {
        Effect: 'Allow',
        Action: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
        Resource: `${place}:group/orders/${uuid}/to-rocketmq`,
      },
      { Effect: 'Allow', Action: pollerActions, Resource: '*' },
      {
        Effect: 'Deny',
        Action: expect.arrayContaining(pollerActions),
        Resource: '*',
        Condition: {
          ArnEquals: { 'lambda:SourceFunctionArn': { 'Fn::GetAtt': [expect.stringMatching(/^KafkaProducer/), 'Arn'] } },
        },
      },
    ]);
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  test('tells records not read as its lag, with an alarm', () => {
    expect(source.metricLag().toMetricConfig().metricStat).toMatchObject({ metricName: 'OffsetLag' });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'OffsetLag', Threshold: 10_000 });
  });

  test('reports nothing', () => {
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });
});

test('an ARN known at deployment only is divided there', () => {
  const stack = testStack();
  kafkaIn(stack, { mskClusterArn: Lazy.string({ produce: () => mskClusterArn }), consumerGroupId: 'to-rocketmq' });
  expect(errorsOf(stack)).toEqual([]);
  expect(JSON.stringify(statementsOf(stack))).toContain(':topic/');
});

test('with a secret the role may read that secret, and needs no right of Kafka itself', () => {
  const stack = testStack();
  const secret = secretIn(stack, 'AmazonMSK_orders');
  kafkaIn(stack, { mskClusterArn, authentication: KafkaAuthentication.scramSha512(secret) });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: secret.secretArn }],
    AmazonManagedKafkaEventSourceConfig: Match.absent(),
  });
  const statements = statementsOf(stack);
  expect(statements).toContainEqual({
    Effect: 'Allow',
    Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
    Resource: secret.secretArn,
  });
  expect(JSON.stringify(statements)).not.toContain('kafka-cluster:');
});

describe('a self-managed cluster', () => {
  const bootstrapServers = ['broker-1.example.com:9096'];

  test('over the internet needs no network interfaces, and violates no rule of cdk-nag', () => {
    const stack = testStack();
    kafkaIn(stack, {
      bootstrapServers,
      authentication: KafkaAuthentication.mutualTls(secretIn(stack, 'client')),
      rootCaCertificate: secretIn(stack, 'authority'),
      consumerGroupId: 'to-rocketmq',
    });
    expect(violationsOf(stack)).toEqual([]);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: bootstrapServers } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'to-rocketmq' },
      SourceAccessConfigurations: [
        { Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: Match.stringLikeRegexp(':secret:client-') },
        { Type: 'SERVER_ROOT_CA_CERTIFICATE', URI: Match.stringLikeRegexp(':secret:authority-') },
      ],
    });
    expect(JSON.stringify(statementsOf(stack))).not.toContain('ec2:');
  });

  test('in a VPC is reached through its subnets and groups', () => {
    const stack = testStack();
    const vpc = testVpc(stack);
    kafkaIn(
      stack,
      {
        bootstrapServers,
        kafkaVpc: vpc,
        kafkaSecurityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0')],
      },
      { vpc, peers: [ec2.Peer.ipv4('10.0.0.0/16')] },
    );
    expect(violationsOf(stack)).toEqual([]);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      SourceAccessConfigurations: [
        { Type: 'VPC_SUBNET', URI: 'subnet-0123456789abcdef0' },
        { Type: 'VPC_SECURITY_GROUP', URI: 'sg-0123456789abcdef0' },
      ],
    });
    const denials = statementsOf(stack).filter(({ Effect }) => Effect === 'Deny');
    expect(denials).toHaveLength(1);
  });
});

test('more pollers at least than there are at most by default are the most there are', () => {
  const stack = testStack();
  kafkaIn(stack, { mskClusterArn, consumerGroupId: 'to-rocketmq', pollers: { minimumPollers: 20 } });
  expect(errorsOf(stack)).toEqual([]);
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    ProvisionedPollerConfig: { MinimumPollers: 20, MaximumPollers: 20 },
  });
});

test('a secret that this app makes is one that Lambda may read', () => {
  const stack = testStack();
  const secret = new secretsmanager.Secret(stack, 'Made');
  const bootstrapServers = ['broker-1.example.com:9096'];
  kafkaIn(stack, { bootstrapServers, authentication: KafkaAuthentication.plain(secret), rootCaCertificate: secret });
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
          Resource: stack.resolve(secret.secretArn),
        }),
      ]),
    },
  });
});

test('a list of brokers known at deployment only is taken as it is', () => {
  const stack = testStack();
  const bootstrapServers = Fn.split(',', Fn.importValue('brokers'));
  kafkaIn(stack, { bootstrapServers, authentication: KafkaAuthentication.scramSha512(secretIn(stack, 'user')) });
  expect(errorsOf(stack)).toEqual([]);
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    SelfManagedEventSource: {
      Endpoints: { KafkaBootstrapServers: { 'Fn::Split': [',', { 'Fn::ImportValue': 'brokers' }] } },
    },
  });
});

test('pollers, registry, logs and threshold reach the template', () => {
  const stack = testStack();
  kafkaIn(stack, {
    mskClusterArn,
    authentication: KafkaAuthentication.none(),
    pollers: { minimumPollers: 3, pollerGroupName: 'shared' },
    logLevel: lambda.EventSourceMappingLogLevel.WARN,
    lagThreshold: 50,
    maxBatchingWindow: Duration.seconds(1),
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 10, PollerGroupName: 'shared' },
    LoggingConfig: { SystemLogLevel: 'WARN' },
    MaximumBatchingWindowInSeconds: 1,
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'OffsetLag', Threshold: 50 });
});

test('faults of the cluster and of the mapping are told at once', () => {
  const stack = testStack();
  kafkaIn(stack, {
    kafkaTopic: 'a b',
    retryAttempts: -1,
    pollers: { minimumPollers: 0 },
    functionOptions: { timeout: Duration.minutes(15) },
  });
  expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
    '[rocketmq-lambda:kafka-cluster]',
    '[rocketmq-lambda:kafka-topic]',
    '[rocketmq-lambda:kafka-pollers]',
    '[rocketmq-lambda:stream-retry-attempts]',
    '[rocketmq-lambda:kafka-function-timeout]',
  ]);
});

describe('a topic of the cluster as the destination of what is given up', () => {
  const onFailure = new KafkaDlq('failed');

  test('is one that Lambda may write to, where MSK asks for IAM', () => {
    const stack = testStack();
    kafkaIn(stack, { mskClusterArn, consumerGroupId: 'to-rocketmq', onFailure });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } },
    });
    expect(errorsOf(stack)).toEqual([]);
    expect(statementsOf(stack)).toContainEqual({
      Action: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
      Effect: 'Allow',
      Resource: `${place}:topic/orders/${uuid}/failed`,
    });
  });

  test('needs no rights where secrets give them', () => {
    const stack = testStack();
    const authentication = KafkaAuthentication.scramSha512(secretIn(stack, 'AmazonMSK_orders'));
    kafkaIn(stack, { mskClusterArn, authentication, onFailure });
    expect(errorsOf(stack)).toEqual([]);
    expect(JSON.stringify(statementsOf(stack))).not.toContain('WriteData');
  });

  test('is a fault where it is the one that is read', () => {
    const stack = testStack();
    kafkaIn(stack, { mskClusterArn, consumerGroupId: 'to-rocketmq', onFailure: new KafkaDlq('orders') });
    expect(errorsOf(stack)).toEqual([
      '[rocketmq-lambda:on-failure] onFailure is the topic orders, from which records are read, and Lambda refuses that. Give another topic of the cluster.',
    ]);
  });
});
