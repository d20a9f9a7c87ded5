import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import type { AppContext } from '../../infra/context-keys.ts';
import { readContext } from '../../infra/read-context.ts';
import { RocketMqLambdaStack } from '../../infra/rocketmq-lambda-stack.ts';
import { sourceNames } from '../../infra/source-keys.ts';
import { errorsOf, testAppProps, warningsOf } from './test-app.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function stackWith(settings: AppContext = {}): RocketMqLambdaStack {
  return new RocketMqLambdaStack(new App(testAppProps()), 'Test', { settings });
}

describe('without any context', () => {
  const stack = stackWith();
  const template = Template.fromStack(stack);

  test('has one of everything', () => {
    const { Resources } = template.toJSON();
    const counts: Record<string, number> = {};
    for (const { Type } of Object.values<{ Type: string }>(Resources)) counts[Type] = (counts[Type] ?? 0) + 1;
    expect(counts).toEqual({
      'AWS::CloudWatch::Alarm': 2,
      'AWS::IAM::Policy': 1,
      'AWS::IAM::Role': 1,
      'AWS::Lambda::EventSourceMapping': 1,
      'AWS::Lambda::Function': 1,
      'AWS::Logs::LogGroup': 1,
      'AWS::SQS::Queue': 2,
      'AWS::SQS::QueuePolicy': 2,
      'AWS::SSM::Parameter': 1,
    });
  });

  test('holds a name server that leads nowhere, and says so', () => {
    template.hasResourceProperties('AWS::SSM::Parameter', { Value: 'name-server.invalid:9876' });
    expect(warningsOf(stack)).toEqual([expect.stringMatching(/-c nameServers=.*\[ack: rocketmq-lambda:placeholder/)]);
    expect(errorsOf(stack)).toEqual([]);
  });

  test('gives no physical name to anything', () => {
    const { Resources } = template.toJSON();
    const names = ['AlarmName', 'FunctionName', 'GroupName', 'LogGroupName', 'Name', 'QueueName', 'RoleName'];
    const named = Object.values<{ Type: string; Properties: object }>(Resources)
      // The FunctionName of a mapping says whom it invokes.
      .filter(({ Type }) => Type !== 'AWS::Lambda::EventSourceMapping')
      .filter(({ Properties }) => names.some((name) => name in Properties));
    expect(named).toEqual([]);
  });

  test('outputs what people need to use it, and exports nothing', () => {
    expect(Object.keys(template.findOutputs('*')).sort()).toEqual([
      'NameServerParameterName',
      'SqsDeadLetterQueueUrl',
      'SqsFunctionName',
      'SqsQueueUrl',
    ]);
    template.hasOutput('*', { Export: Match.absent() });
  });
});

test('every context key reaches the template', () => {
  const template = Template.fromStack(
    stackWith(
      readContext({
        topic: 'orders',
        producerGroup: 'orders-from-sqs',
        nameServers: '10.0.1.5:9876',
        seedNameServers: 'true',
        instanceName: 'orders',
        unitName: 'unit1',
        deduplicate: 'always',
        mappings: '{"sqs":{"tag":"body.kind"}}',
        sendTimeoutMs: '5000',
        attemptTimeoutMs: '1500',
        deadlineReserveMs: '0',
        functionTimeoutSeconds: '60',
        functionMemoryMiB: '1024',
        visibilityTimeoutSeconds: '400',
        maxReceiveCount: '3',
        batchSize: '100',
        maxBatchingWindowSeconds: '2',
        maxConcurrency: '50',
        vpcId: 'vpc-0123456789abcdef0',
        availabilityZones: 'eu-west-1a',
        privateSubnetIds: 'subnet-0123456789abcdef0',
        brokerCidr: '10.0.0.0/16',
        brokerSecurityGroupId: 'sg-0123456789abcdef0',
        brokerPorts: '10921',
        nameServerPorts: '9877',
        logRetentionDays: '14',
        alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:alarms',
        removalPolicy: 'destroy',
      }),
    ),
  );
  template.hasResourceProperties('AWS::Lambda::Function', {
    MemorySize: 1024,
    Timeout: 60,
    VpcConfig: { SubnetIds: ['subnet-0123456789abcdef0'] },
    Environment: {
      Variables: {
        ROCKETMQ_TOPIC: 'orders',
        ROCKETMQ_PRODUCER_GROUP: 'orders-from-sqs',
        ROCKETMQ_NAME_SERVERS: '10.0.1.5:9876',
        ROCKETMQ_INSTANCE_NAME: 'orders',
        ROCKETMQ_UNIT_NAME: 'unit1',
        ROCKETMQ_DEDUPLICATE: 'always',
        ROCKETMQ_MAPPING: '{"tag":"body.kind"}',
        ROCKETMQ_SEND_TIMEOUT_MS: '5000',
        ROCKETMQ_ATTEMPT_TIMEOUT_MS: '1500',
        ROCKETMQ_DEADLINE_RESERVE_MS: '0',
      },
    },
  });
  template.hasResourceProperties('AWS::SSM::Parameter', { Value: '10.0.1.5:9876' });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 2,
    ScalingConfig: { MaximumConcurrency: 50 },
  });
  template.hasResource('AWS::SQS::Queue', {
    DeletionPolicy: 'Delete',
    Properties: { VisibilityTimeout: 400, RedrivePolicy: { maxReceiveCount: 3 } },
  });
  template.hasResource('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete', Properties: { RetentionInDays: 14 } });
  template.allResourcesProperties('AWS::CloudWatch::Alarm', {
    AlarmActions: ['arn:aws:sns:eu-west-1:123456789012:alarms'],
  });
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    VpcId: 'vpc-0123456789abcdef0',
    SecurityGroupEgress: [
      Match.objectLike({ CidrIp: '10.0.0.0/16', FromPort: 10_921, ToPort: 10_921 }),
      Match.objectLike({ CidrIp: '10.0.0.0/16', FromPort: 9877, ToPort: 9877 }),
      Match.objectLike({ DestinationSecurityGroupId: 'sg-0123456789abcdef0', FromPort: 10_921, ToPort: 10_921 }),
      Match.objectLike({ DestinationSecurityGroupId: 'sg-0123456789abcdef0', FromPort: 9877, ToPort: 9877 }),
      Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 }),
    ],
  });
});

test('what exists already is referred to and not created', () => {
  const stack = stackWith(
    readContext({
      nameServerParameterName: '/rocketmq/name-servers',
      queueArn: 'arn:aws:sqs:eu-west-1:123456789012:orders',
      deadLetterQueueArn: 'arn:aws:sqs:eu-west-1:123456789012:orders-dead',
      visibilityTimeoutSeconds: '180',
      removalPolicy: 'destroy',
    }),
  );
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::SQS::Queue', 0);
  template.resourceCountIs('AWS::SSM::Parameter', 0);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { ROCKETMQ_NAME_SERVER_PARAMETER: '/rocketmq/name-servers' } },
  });
  expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
});

test('a list of name servers beside a parameter is refused', () => {
  expect(errorsOf(stackWith({ nameServers: ['a:9876'], nameServerParameterName: '/a' }))).toEqual([
    expect.stringContaining('[rocketmq-lambda:name-servers] Both nameServers and nameServerParameter'),
  ]);
});

describe('with every source', () => {
  const kafka = {
    kafkaTopic: 'orders',
    mskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1',
    kafkaConsumerGroup: 'orders-to-rocketmq',
  };

  test('makes them in one order, whatever the order in which they are named', () => {
    const sources = [...sourceNames].reverse();
    const stack = stackWith(readContext({ nameServers: '10.0.1.5:9876', sources: sources.join(','), ...kafka }));
    expect([...stack.sources.keys()]).toEqual(sourceNames);
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Lambda::Function', sourceNames.length + 1);
    template.resourceCountIs('AWS::SSM::Parameter', 1);
    expect(Object.keys(template.findOutputs('*')).toSorted()).toEqual([
      'DynamodbDeadLetterQueueUrl',
      'DynamodbFunctionName',
      'DynamodbTableName',
      'EventbridgeBusName',
      'EventbridgeDeadLetterQueueUrl',
      'EventbridgeFunctionName',
      'HttpFunctionName',
      'HttpUrl',
      'KafkaDeadLetterQueueUrl',
      'KafkaFunctionName',
      'KafkaMappingId',
      'KinesisDeadLetterQueueUrl',
      'KinesisFunctionName',
      'KinesisStreamName',
      'NameServerParameterName',
      'S3BucketName',
      'S3DeadLetterQueueUrl',
      'S3FunctionName',
      'ScheduleFunctionName',
      'SnsDeadLetterQueueUrl',
      'SnsFunctionName',
      'SnsTopicArn',
      'SqsDeadLetterQueueUrl',
      'SqsFunctionName',
      'SqsQueueUrl',
      'TransactionCheckFunctionName',
      'TransactionCheckTableName',
    ]);
  });

  test('allows and opens no more than it must', () => {
    const stack = stackWith(
      readContext({
        ...{ nameServers: '10.0.1.5:9876', sources: sourceNames.join(','), ...kafka },
        ...{ vpcId: 'vpc-0123456789abcdef0', availabilityZones: 'eu-west-1a', brokerCidr: '10.0.0.0/16' },
        ...{ privateSubnetIds: 'subnet-0123456789abcdef0', aclParameterName: '/rocketmq/credentials' },
        aclKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
      }),
    );
    const template = Template.fromStack(stack);
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }): Statement[] => Properties.PolicyDocument.Statement,
    );
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
    const onEverything = allowed.filter(({ Resource }) => [Resource].flat().some((resource) => resource === '*'));
    expect(onEverything.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('ec2:'))).toEqual([]);
    expect(allowed.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
    const decrypting = allowed.filter(({ Action }) => [Action].flat().includes('kms:Decrypt'));
    expect(decrypting).toHaveLength(sourceNames.length);
    for (const { Condition } of decrypting) {
      expect(Object.keys(Condition?.StringEquals ?? {})).toEqual([
        'kms:ViaService',
        'kms:EncryptionContext:PARAMETER_ARN',
      ]);
    }
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Permission'))) {
      expect(Properties).toHaveProperty('SourceArn');
    }
    for (const { Properties } of Object.values(template.findResources('AWS::EC2::SecurityGroup'))) {
      const ports = Properties.SecurityGroupEgress.map(({ ToPort }: { ToPort: number }) => ToPort);
      expect(ports).toEqual([10_911, 9876, 443]);
    }
    expect(JSON.stringify(template.toJSON())).not.toMatch(/secretKey|SecretString|resolve:secretsmanager/);
  });

  test('shows them on a dashboard, and saves queries for all their logs, where that is wished', () => {
    const sources = 'sqs,http,schedule,transaction-check';
    const template = Template.fromStack(stackWith(readContext({ nameServers: 'a:9876', sources, dashboard: 'true' })));
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard?.Properties.DashboardBody);
    for (const name of ['SqsToRocketMq', 'HttpToRocketMq', 'ScheduleKeepWarm/Producer', 'TransactionChecker']) {
      expect(body).toContain(`## Test/${name}`);
    }
    const queries = Object.values(template.findResources('AWS::Logs::QueryDefinition'));
    expect(queries).not.toEqual([]);
    for (const { Properties } of queries) {
      expect(Properties.Name).toMatch(/^Test\//);
      expect(Properties.LogGroupNames).toHaveLength(4);
    }
  });

  test('takes a timeout for all functions as far as API Gateway and the checker let it', () => {
    const sources = 'sqs,http,transaction-check';
    const stack = stackWith(readContext({ nameServers: 'a:9876', sources, functionTimeoutSeconds: '60' }));
    expect(errorsOf(stack)).toEqual([]);
    const timeouts = Object.entries(Template.fromStack(stack).findResources('AWS::Lambda::Function')).map(
      ([id, { Properties }]) => [id.replace(/(Producer|Checker)Function.*/, ''), Properties.Timeout],
    );
    expect(Object.fromEntries(timeouts)).toEqual({ SqsToRocketMq: 60, HttpToRocketMq: 29, Transaction: 90 });
  });

  test('keeps all functions warm that send', () => {
    const stack = stackWith(readContext({ nameServers: '10.0.1.5:9876', sources: 'schedule,sns,sqs' }));
    Template.fromStack(stack).resourceCountIs('AWS::Scheduler::Schedule', 3);
  });

  test('refers to what exists already and creates none of it', () => {
    const stack = stackWith(
      readContext({
        nameServers: '10.0.1.5:9876',
        sources: 'kinesis,dynamodb,kafka,sns,eventbridge,s3',
        streamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
        tableStreamArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
        kafkaTopic: 'orders',
        kafkaBootstrapServers: 'broker-1.example.com:9096',
        kafkaSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_orders-a1b2c3',
        snsTopicArn: 'arn:aws:sns:eu-west-1:123456789012:orders',
        eventBusArn: 'arn:aws:events:eu-west-1:123456789012:event-bus/default',
        eventPattern: '{"source":["shop"],"detail-type":["OrderPlaced"]}',
        bucketName: 'orders-uploads',
        batchSize: '1000',
        maxBatchingWindowSeconds: '2',
        removalPolicy: 'destroy',
      }),
    );
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
    const template = Template.fromStack(stack);
    for (const type of ['Kinesis::Stream', 'DynamoDB::Table', 'SNS::Topic', 'Events::EventBus', 'S3::Bucket']) {
      template.resourceCountIs(`AWS::${type}`, 0);
    }
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 3);
    template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 2,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: 'default',
      EventPattern: { source: ['shop'], 'detail-type': ['OrderPlaced'] },
    });
    template.allResources('AWS::SQS::Queue', { DeletionPolicy: 'Delete' });
  });

  test('reads Kafka from the private subnets where it has a security group there', () => {
    const stack = stackWith(
      readContext({
        nameServers: '10.0.1.5:9876',
        sources: 'kafka',
        kafkaTopic: 'orders',
        kafkaBootstrapServers: '10.0.3.7:9092',
        kafkaSecurityGroupId: 'sg-0123456789abcdef1',
        vpcId: 'vpc-0123456789abcdef0',
        availabilityZones: 'eu-west-1a',
        privateSubnetIds: 'subnet-0123456789abcdef0',
        brokerCidr: '10.0.0.0/16',
      }),
    );
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      SourceAccessConfigurations: [
        { Type: 'VPC_SUBNET', URI: 'subnet-0123456789abcdef0' },
        { Type: 'VPC_SECURITY_GROUP', URI: 'sg-0123456789abcdef1' },
      ],
    });
  });
});
