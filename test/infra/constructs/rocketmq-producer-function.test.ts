import { Duration, RemovalPolicy, Size, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster, type RocketMqClusterProps } from '../../../infra/constructs/rocketmq-cluster.ts';
import {
  RocketMqProducerFunction,
  type RocketMqProducerFunctionProps,
} from '../../../infra/constructs/rocketmq-producer-function.ts';
import { errorsOf, testStack, testVpc } from '../test-app.ts';

const nameServers = ['10.0.1.5:9876', '10.0.2.5:9876'];

function producerIn(
  stack: Stack,
  props: Partial<RocketMqProducerFunctionProps> = {},
  clusterProps: RocketMqClusterProps = { nameServers },
): RocketMqProducerFunction {
  const cluster = new RocketMqCluster(stack, 'Cluster', clusterProps);
  return new RocketMqProducerFunction(stack, 'Producer', {
    cluster,
    source: 'sqs',
    topic: 'orders',
    producerGroup: 'orders-from-sqs',
    ...props,
  });
}

function functionOf(stack: Stack): Record<string, unknown> {
  const [fn] = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  return fn?.Properties;
}

function variablesOf(stack: Stack): unknown {
  return functionOf(stack).Environment;
}

function statementsOf(stack: Stack): unknown[] {
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

test('runs on Node 24 and arm64, logs JSON to a group of its own, and has no physical name', () => {
  const stack = testStack();
  producerIn(stack);
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    MemorySize: 512,
    Timeout: 30,
    LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: Match.stringLikeRegexp('^ProducerLogs') } },
    FunctionName: Match.absent(),
    VpcConfig: Match.absent(),
    TracingConfig: Match.absent(),
  });
});

test('keeps its logs for a month, and beyond the life of the stack, unless told otherwise', () => {
  const stack = testStack();
  producerIn(stack);
  Template.fromStack(stack).hasResource('AWS::Logs::LogGroup', {
    DeletionPolicy: 'Retain',
    Properties: { RetentionInDays: 30, LogGroupName: Match.absent() },
  });

  const other = testStack();
  producerIn(other, { logRetentionDays: logs.RetentionDays.ONE_WEEK, logGroupRemovalPolicy: RemovalPolicy.DESTROY });
  Template.fromStack(other).hasResource('AWS::Logs::LogGroup', {
    DeletionPolicy: 'Delete',
    Properties: { RetentionInDays: 7 },
  });
});

describe('the role', () => {
  const writesLogs = {
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: { 'Fn::GetAtt': [expect.stringMatching(/^ProducerLogs/), 'Arn'] },
  };
  const readsNameServers = {
    Effect: 'Allow',
    Action: ['ssm:GetParameter', 'ssm:GetParameters'],
    Resource: { 'Fn::Join': ['', expect.arrayContaining([{ Ref: expect.stringMatching(/^ClusterNameServers/) }])] },
  };

  test('may write its own logs and read one parameter, by no managed policy', () => {
    const stack = testStack();
    producerIn(stack);
    expect(statementsOf(stack)).toEqual([writesLogs, readsNameServers]);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  test('in a VPC lets Lambda make network interfaces, and denies that to the code', () => {
    const stack = testStack();
    producerIn(stack, {}, { nameServers, vpc: testVpc(stack), peers: [ec2.Peer.ipv4('10.0.0.0/16')] });
    const actions = [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ];
    expect(statementsOf(stack)).toEqual([
      writesLogs,
      readsNameServers,
      { Effect: 'Allow', Action: actions, Resource: '*' },
      {
        Effect: 'Deny',
        Action: [...actions, 'ec2:DescribeSecurityGroups', 'ec2:DescribeVpcs'].toSorted(),
        Resource: '*',
        Condition: {
          ArnEquals: {
            'lambda:SourceFunctionArn': { 'Fn::GetAtt': [expect.stringMatching(/^ProducerFunction/), 'Arn'] },
          },
        },
      },
    ]);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  test('may be one that exists', () => {
    const stack = testStack();
    const role = new iam.Role(stack, 'Own', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    expect(producerIn(stack, { role }).role).toBe(role);
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Role', 1);
    expect(statementsOf(stack)).toEqual([writesLogs, readsNameServers]);
  });

  test.each([true, false])('lets nobody else write the logs where it is imported (mutable: %s)', (mutable) => {
    const stack = testStack();
    const role = iam.Role.fromRoleArn(stack, 'Imported', 'arn:aws:iam::123456789012:role/own', { mutable });
    producerIn(stack, { role });
    Template.fromStack(stack).resourceCountIs('AWS::Logs::ResourcePolicy', 0);
    expect(statementsOf(stack)).toEqual(mutable ? [writesLogs, readsNameServers] : []);
  });
});

describe('the environment', () => {
  test('names topic, group and parameter, and leaves the rest to the defaults of the function', () => {
    const stack = testStack();
    producerIn(stack);
    expect(variablesOf(stack)).toEqual({
      Variables: {
        ROCKETMQ_TOPIC: 'orders',
        ROCKETMQ_PRODUCER_GROUP: 'orders-from-sqs',
        ROCKETMQ_NAME_SERVER_PARAMETER: { Ref: expect.stringMatching(/^ClusterNameServers/) },
        POWERTOOLS_SERVICE_NAME: 'Test/Producer',
        POWERTOOLS_METRICS_NAMESPACE: 'RocketMqLambda',
        NODE_OPTIONS: '--enable-source-maps',
      },
    });
  });

  test('has a variable for each setting that is given, zero included', () => {
    const stack = testStack();
    producerIn(stack, {
      seedNameServers: true,
      sendTimeout: Duration.seconds(5),
      attemptTimeout: Duration.millis(1500),
      deadlineReserve: Duration.millis(0),
      instanceName: 'orders',
      unitName: 'unit1',
      serviceName: 'orders',
      metricsNamespace: 'Shop',
    });
    expect(variablesOf(stack)).toMatchObject({
      Variables: {
        ROCKETMQ_NAME_SERVERS: '10.0.1.5:9876;10.0.2.5:9876',
        ROCKETMQ_SEND_TIMEOUT_MS: '5000',
        ROCKETMQ_ATTEMPT_TIMEOUT_MS: '1500',
        ROCKETMQ_DEADLINE_RESERVE_MS: '0',
        ROCKETMQ_INSTANCE_NAME: 'orders',
        ROCKETMQ_UNIT_NAME: 'unit1',
        POWERTOOLS_SERVICE_NAME: 'orders',
        POWERTOOLS_METRICS_NAMESPACE: 'Shop',
      },
    });
  });

  test('is joined with variables of the caller, which may replace defaults', () => {
    const stack = testStack();
    producerIn(stack, { environment: { LOG_LEVEL: 'DEBUG', NODE_OPTIONS: '--max-old-space-size=400' } });
    expect(variablesOf(stack)).toMatchObject({
      Variables: { LOG_LEVEL: 'DEBUG', NODE_OPTIONS: '--max-old-space-size=400', ROCKETMQ_TOPIC: 'orders' },
    });
  });
});

test('passes on every option of a Lambda function', () => {
  const stack = testStack();
  producerIn(stack, {
    memorySize: 1024,
    timeout: Duration.minutes(1),
    reservedConcurrentExecutions: 5,
    ephemeralStorageSize: Size.gibibytes(1),
    description: 'Sends orders',
    architecture: lambda.Architecture.X86_64,
    applicationLogLevelV2: lambda.ApplicationLogLevel.WARN,
  });
  expect(functionOf(stack)).toMatchObject({
    MemorySize: 1024,
    Timeout: 60,
    ReservedConcurrentExecutions: 5,
    EphemeralStorage: { Size: 1024 },
    Description: 'Sends orders',
    Architectures: ['x86_64'],
    LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'WARN' },
  });
});

test('may be traced by X-Ray, and has acknowledged what that takes', () => {
  const stack = testStack();
  producerIn(stack, { tracing: lambda.Tracing.ACTIVE });
  expect(functionOf(stack).TracingConfig).toEqual({ Mode: 'Active' });
  const rules = [new AwsSolutionsChecks(stack), new ServerlessChecks(stack)].flatMap((pack) =>
    pack.validateScope(stack).violations.map(({ ruleName }) => ruleName),
  );
  // Which dead-letter queue is right depends on the source, so that is left to the construct that adds it.
  expect(rules).toEqual(['Serverless-LambdaDLQ']);
});

test('runs where the cluster says', () => {
  const stack = testStack();
  const vpc = testVpc(stack);
  producerIn(stack, {}, { nameServers, vpc, peers: [ec2.Peer.ipv4('10.0.0.0/16')] });
  expect(functionOf(stack).VpcConfig).toEqual({
    SubnetIds: ['subnet-0123456789abcdef0'],
    SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^ClusterSecurityGroup/), 'GroupId'] }],
  });
});

test('can be invoked by whom it is granted to', () => {
  const stack = testStack();
  const role = new iam.Role(stack, 'Caller', { assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com') });
  producerIn(stack).grantInvoke(role).assertSuccess();
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: [Match.objectLike({ Action: 'lambda:InvokeFunction' })] },
  });
});

describe('the metrics', () => {
  const producer = producerIn(testStack(), { serviceName: 'orders' });

  test('have the namespace and the dimension under which the function writes them', () => {
    expect(producer.metricSent()).toMatchObject({
      namespace: 'RocketMqLambda',
      metricName: 'MessagesSent',
      dimensions: { service: 'orders' },
      statistic: 'Sum',
    });
  });

  test('have the names that the function uses', () => {
    expect(
      [
        producer.metricRefused(),
        producer.metricNotSent(),
        producer.metricUnknown(),
        producer.metricPossibleDuplicates(),
        producer.metricAttempts(),
        producer.metricColdStarts(),
        producer.metricConnectionsOpened(),
      ].map(({ metricName }) => metricName),
    ).toEqual([
      'MessagesRefused',
      'MessagesNotSent',
      'MessagesUnknown',
      'PossibleDuplicates',
      'Attempts',
      'ColdStart',
      'ConnectionsOpened',
    ]);
  });

  test('have the statistic that fits them, and options override it', () => {
    expect(producer.metricSendMs()).toMatchObject({ metricName: 'SendMs', statistic: 'p99' });
    expect(producer.metricSendMs({ statistic: 'p50' })).toMatchObject({ statistic: 'p50' });
    expect(producer.metricNameServerParameterAge()).toMatchObject({
      metricName: 'NameServerParameterAgeMs',
      statistic: 'Maximum',
    });
  });

  test('add up to all messages that are not known to be stored', () => {
    const failed = producer.metricFailed({ period: Duration.minutes(1) });
    expect(failed.period.toSeconds()).toBe(60);
    expect(Object.keys(failed.usingMetrics)).toEqual(['refused', 'notSent', 'unknown']);
  });
});

describe('is refused at synth', () => {
  test.each([
    ['topic', '[rocketmq-lambda:topic] Topic is missing. Give it a name.'],
    ['producerGroup', '[rocketmq-lambda:producer-group] Producer group is missing. Give it a name.'],
    ['cluster', '[rocketmq-lambda:cluster] cluster is missing. Give the RocketMqCluster that messages go to.'],
  ])('from JavaScript without types, when %s is missing', (name, text) => {
    const stack = testStack();
    producerIn(stack, { seedNameServers: true, [name]: undefined });
    expect(errorsOf(stack)).toEqual([text]);
  });

  test.each<[string, Partial<RocketMqProducerFunctionProps>, RegExp]>([
    ['with an illegal topic', { topic: 'two words' }, /^\[rocketmq-lambda:topic\] Topic "two words"/],
    ['with an illegal group', { producerGroup: '' }, /^\[rocketmq-lambda:producer-group\] Producer group is empty/],
    [
      'when one attempt uses up the time of all',
      { sendTimeout: Duration.seconds(2), attemptTimeout: Duration.seconds(2) },
      /^\[rocketmq-lambda:send-timeout\] attemptTimeout is 2000 ms and sendTimeout 2000 ms/,
    ],
    [
      'when the default of an attempt does not fit into a short send',
      { sendTimeout: Duration.seconds(1) },
      /^\[rocketmq-lambda:send-timeout\] attemptTimeout is 2000 ms and sendTimeout 1000 ms/,
    ],
    [
      'when a send outlasts the function',
      { timeout: Duration.seconds(6) },
      /^\[rocketmq-lambda:send-timeout\] A send may take 6000 ms and 500 ms are kept .* stopped after 6000 ms/,
    ],
    [
      'with half a broker',
      { brokersPerSandbox: 0.5 },
      /^\[rocketmq-lambda:brokers-per-sandbox\] brokersPerSandbox is 0.5, but must be a whole number/,
    ],
    [
      'with more brokers than the function takes',
      { brokersPerSandbox: 10_001 },
      /^\[rocketmq-lambda:brokers-per-sandbox\] brokersPerSandbox is 10001, .* from 0 to 10000/,
    ],
    [
      'with a reserve that the function would refuse at each invocation',
      { deadlineReserve: Duration.seconds(90), timeout: Duration.minutes(5) },
      /^\[rocketmq-lambda:send-timeout\] deadlineReserve is 90000 ms; .* from 0 to 60000\.$/,
    ],
    [
      'with attempts that have no time at all',
      { attemptTimeout: Duration.millis(0) },
      /^\[rocketmq-lambda:send-timeout\] attemptTimeout is 0 ms; .* from 1 to 900000\.$/,
    ],
    [
      'with a broker in no zone',
      { zone: 'auto', brokerZones: { 'broker-a': '' } },
      /^\[rocketmq-lambda:broker-zones\] brokerZones has "broker-a" in zone ""/,
    ],
    [
      'with zones of brokers that nothing is compared with',
      { brokerZones: { 'broker-a': 'use1-az1' } },
      /^\[rocketmq-lambda:broker-zones\] brokerZones has no effect without zone: .*"auto"/,
    ],
    [
      'when environment contradicts a prop',
      { environment: { ROCKETMQ_TOPIC: 'other' } },
      /^\[rocketmq-lambda:environment\] environment sets ROCKETMQ_TOPIC/,
    ],
    [
      'when environment takes the metrics to where nobody looks for them',
      { environment: { POWERTOOLS_METRICS_NAMESPACE: 'Elsewhere' } },
      /^\[rocketmq-lambda:environment\] environment sets POWERTOOLS_METRICS_NAMESPACE/,
    ],
    [
      'when environment sets a variable of ours that no function reads',
      { environment: { ROCKETMQ_SEND_TIMEOUT: '3000' } },
      /^\[rocketmq-lambda:environment\] environment sets ROCKETMQ_SEND_TIMEOUT, which no function reads/,
    ],
  ])('%s', (_title, props, message) => {
    const stack = testStack();
    producerIn(stack, props);
    expect(errorsOf(stack)).toEqual([expect.stringMatching(message)]);
  });

  test('when variables of the caller leave no room for those of the construct', () => {
    const stack = testStack();
    producerIn(stack, { environment: { NOTES: 'x'.repeat(4000) } });
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:environment-size\] .* NOTES, /)]);
  });

  test('when a seed is wanted that nobody knows', () => {
    const stack = testStack();
    const nameServerParameter = ssm.StringParameter.fromStringParameterName(stack, 'Parameter', 'name-servers');
    producerIn(stack, { seedNameServers: true }, { nameServerParameter });
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:seed-name-servers\]/)]);
  });

  test('when a log group is given and told what to do', () => {
    const stack = testStack();
    const logGroup = new logs.LogGroup(stack, 'Own');
    producerIn(stack, { logGroup, logRetentionDays: logs.RetentionDays.ONE_DAY });
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:log-group\]/)]);
  });
});
