import { Duration, Size, type Stack, Token } from 'aws-cdk-lib';
import { HttpApi, HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Peer, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { S3OnFailureDestination, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { type CheckedProp, propFaults, usableProps } from '../../../infra/constructs/checked-props.ts';
import * as pack from '../../../infra/index.ts';
import { errorsOf, testStack, testVpc } from '../test-app.ts';

const ofEverySource = [
  'cluster',
  'functionOptions',
  'functionOptions.timeout',
  'functionOptions.environmentEncryption',
  'functionOptions.ephemeralStorageSize',
  'functionOptions.layers',
  'functionOptions.onSuccess',
  'functionOptions.role',
  'functionOptions.logGroup',
  'alarmActions',
];
const ofAsyncSources = [
  ...ofEverySource,
  'deadLetterQueue',
  'functionOptions.maxEventAge',
  'functionOptions.onFailure',
];
const ofStreams = [...ofEverySource, 'deadLetterQueue', 'filters', 'maxBatchingWindow', 'maxRecordAge', 'onFailure'];

/** Props that only one kind of value is right for, by construct. */
const propsOf: Readonly<Record<string, readonly string[]>> = {
  RocketMqCluster: [
    'aclKey',
    'aclParameter',
    'brokerPorts',
    'httpsPeer',
    'nameServerParameter',
    'nameServerPorts',
    'nameServers',
    'peers',
    'securityGroups',
    'tlsCaParameter',
    'vpc',
  ],
  SqsToRocketMq: [
    ...ofEverySource,
    'deadLetterQueue',
    'existingQueue',
    'filters',
    'maxBatchingWindow',
    'queueOptions',
    'queueOptions.retentionPeriod',
    'visibilityTimeout',
  ],
  KinesisToRocketMq: [...ofStreams, 'existingStream', 'streamOptions', 'streamOptions.retentionPeriod'],
  DynamoDbToRocketMq: [...ofStreams, 'existingTable'],
  KafkaToRocketMq: [
    ...ofStreams,
    'authentication',
    'kafkaSecurityGroups',
    'kafkaVpc',
    'bootstrapServers',
    'mskClusterArn',
    'pollers',
    'schemaRegistry',
    'rootCaCertificate',
  ],
  SnsToRocketMq: [...ofAsyncSources, 'existingSnsTopic', 'filterPolicy', 'filterPolicyWithMessageBody'],
  EventBridgeToRocketMq: [
    ...ofAsyncSources,
    'archiveRetention',
    'eventBusOptions',
    'eventPattern',
    'existingEventBus',
    'handoverMaxAge',
  ],
  S3ToRocketMq: [...ofAsyncSources, 'eventTypes', 'existingBucket', 'handoverMaxAge', 'keyFilter'],
  HttpToRocketMq: [...ofEverySource, 'accessLogGroup', 'authorizer', 'existingHttpApi'],
  ScheduleKeepWarm: [...ofEverySource, 'period', 'producers'],
  TransactionChecker: [
    ...ofEverySource,
    'awakeTime',
    'existingTable',
    'patience',
    'period',
    'topics',
    'transactionCheckInterval',
  ],
  RocketMqProducerFunction: ['cluster', 'deadLetterQueue', 'logGroup', 'maxEventAge', 'onFailure', 'role', 'timeout'],
  RocketMqDashboard: ['alarms', 'checkers', 'dashboardOptions', 'period', 'producers', 'sources'],
  RocketMqLogQueries: ['producers'],
};

/** As an app in JavaScript does it, which has no compiler. */
function make(stack: Stack, construct: string, props?: unknown): Construct {
  return Reflect.construct(Reflect.get(pack, construct), [stack, 'Made', props]);
}

function propsFor(stack: Stack, construct: string): Readonly<Record<string, unknown>> {
  const nameServers = ['10.0.1.5:9876'];
  if (construct === 'RocketMqCluster') return { nameServers };
  const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers });
  const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1';
  const kafka = { kafkaTopic: 'orders', consumerGroupId: 'orders', mskClusterArn: arn };
  return { cluster, producerGroup: 'orders', topic: 'orders', topics: ['orders'], source: 'sqs', ...kafka };
}

/** What was reported at the construct itself, whose path synth shows. */
function errorsAt({ node }: Construct): unknown[] {
  return node.metadata.filter(({ type }) => type === 'aws:cdk:error').map(({ data }) => data);
}

function madeOf(construct: string, props: Readonly<Record<string, unknown>>): unknown[] {
  const stack = testStack();
  return errorsAt(make(stack, construct, { ...propsFor(stack, construct), ...props }));
}

const everyConstruct = Object.entries(pack)
  .filter(([, exported]) => exported.prototype instanceof Construct)
  .map(([name]) => name);

test('every construct is among those tested', () => {
  expect(Object.keys(propsOf).sort()).toEqual(everyConstruct.sort());
});

describe.each(Object.entries(propsOf))('%s', (construct, props) => {
  test.each(props)('tells at synth that %s is a number, and what to give', (path) => {
    const [name = '', part] = path.split('.');
    const errors = madeOf(construct, { [name]: part === undefined ? 60 : { [part]: 60 } });
    const text = expect.stringMatching(new RegExp(`^\\[rocketmq-lambda:prop\\] ${path} must be .+, but is 60\\.$`));
    expect(errors.filter((error) => String(error).includes(':prop]'))).toEqual([text]);
  });

  test('says nothing of props that it does not have', () => {
    const other = construct === 'RocketMqDashboard' ? { patience: 60 } : { defaultInterval: 60 };
    expect(madeOf(construct, other).filter((error) => String(error).includes(':prop]'))).toEqual([]);
  });
});

test.each(everyConstruct.filter((name) => name !== 'RocketMqProducerFunction'))(
  '%s tells at synth that it was given no props',
  (construct) => {
    const stack = testStack();
    make(stack, construct);
    expect(errorsOf(stack)).not.toEqual([]);
  },
);

test.each([
  ['ScheduleKeepWarm', { period: 60 }, 'period must be a Duration, such as Duration.minutes(1), but is 60.'],
  [
    'SqsToRocketMq',
    { maxBatchingWindow: '5' },
    'maxBatchingWindow must be a Duration, such as Duration.seconds(5), but is "5".',
  ],
  [
    'SqsToRocketMq',
    { visibilityTimeout: null },
    'visibilityTimeout must be a Duration, such as Duration.minutes(3), but is null.',
  ],
  [
    'RocketMqCluster',
    { aclParameter: '/rocketmq/acl' },
    'aclParameter must be a parameter, such as StringParameter.fromSecureStringParameterAttributes(…), but is "/rocketmq/acl".',
  ],
  [
    'S3ToRocketMq',
    { eventTypes: 's3:ObjectCreated:*' },
    'eventTypes must be a list of types of events, such as [EventType.OBJECT_CREATED], but is "s3:ObjectCreated:*".',
  ],
  [
    'SqsToRocketMq',
    { existingQueue: Duration.days(1) },
    'existingQueue must be a queue, such as Queue.fromQueueArn(…), but is another object.',
  ],
  [
    'SqsToRocketMq',
    { functionOptions: { timeout: { seconds: 5 } } },
    'functionOptions.timeout must be a Duration, such as Duration.seconds(30), but is another object.',
  ],
])('%s with %j says so', (construct, props, text) => {
  expect(madeOf(construct, props)).toEqual([`[rocketmq-lambda:prop] ${text}`]);
});

test('a topic among the alarm actions is told of, with what to put around it', () => {
  const alarmActions = [new Topic(testStack(), 'Alarms')];
  const text =
    'alarmActions must be a list of alarm actions, such as [new SnsAction(topic)], but is [the construct Test/Alarms].';
  expect(madeOf('SqsToRocketMq', { alarmActions })).toEqual([`[rocketmq-lambda:prop] ${text}`]);
});

test('a single peer is told of once, and taken for a list of one', () => {
  const stack = testStack();
  const peer = { canInlineRule: true, uniqueId: '10.0.0.0/16', toEgressRuleConfig: () => ({ cidrIp: '10.0.0.0/16' }) };
  const made = make(stack, 'RocketMqCluster', {
    nameServers: ['10.0.1.5:9876'],
    vpc: { vpcId: 'vpc-1', node: stack.node },
    peers: peer,
  });
  expect(errorsAt(made)).toEqual([expect.stringContaining('peers must be a list of peers')]);
});

/** What there is of each kind, made here or elsewhere. */
function rightValues(stack: Stack): Partial<Record<CheckedProp, readonly unknown[]>> {
  const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  const sqs = new pack.SqsToRocketMq(stack, 'Sqs', { cluster, topic: 'orders', producerGroup: 'orders' });
  const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:123456789012:${rest}`;
  const topic = new Topic(stack, 'Topic');
  const alarm = Alarm.fromAlarmArn(stack, 'OldAlarm', arn('cloudwatch', 'alarm:a'));
  const groups = [SecurityGroup.fromSecurityGroupId(stack, 'OldGroup', 'sg-1')];
  const bucket = Bucket.fromBucketName(stack, 'OldBucket', 'bucket');
  const partitionKey = { name: 'id', type: 'S' as never };
  const parameters = [
    StringParameter.fromSecureStringParameterAttributes(stack, 'OldSecure', { parameterName: '/acl' }),
    StringParameter.fromStringParameterArn(stack, 'OldParameter', arn('ssm', 'parameter/a')),
    new StringParameter(stack, 'Parameter', { stringValue: 'a' }),
  ];
  const logGroups = [new LogGroup(stack, 'Logs'), LogGroup.fromLogGroupName(stack, 'OldLogs', 'l')];
  const queue = new Queue(stack, 'Queue');
  const queues = [queue, Queue.fromQueueArn(stack, 'OldQueue', arn('sqs', 'q'))];
  const key = new Key(stack, 'Key');
  return {
    accessLogGroup: logGroups,
    aclKey: [key, Key.fromKeyArn(stack, 'OldKey', arn('kms', 'key/k')), Alias.fromAliasName(stack, 'Alias', 'alias/k')],
    aclParameter: parameters,
    alarmActions: [[], [new SnsAction(topic)]],
    alarms: [sqs.alarms, [alarm]],
    authentication: [pack.KafkaAuthentication.iam()],
    authorizer: [new HttpIamAuthorizer(), new HttpNoneAuthorizer()],
    brokerPorts: [[10_911]],
    cluster: [cluster],
    deadLetterQueue: queues,
    environmentEncryption: [key, Key.fromKeyArn(stack, 'OldOtherKey', arn('kms', 'key/o'))],
    ephemeralStorageSize: [Size.gibibytes(1)],
    eventTypes: [['s3:ObjectCreated:*']],
    existingBucket: [bucket, new Bucket(stack, 'Bucket')],
    existingEventBus: [new EventBus(stack, 'Bus'), EventBus.fromEventBusName(stack, 'OldBus', 'b')],
    existingHttpApi: [new HttpApi(stack, 'Api'), HttpApi.fromHttpApiAttributes(stack, 'OldApi', { httpApiId: 'a' })],
    existingQueue: queues,
    existingSnsTopic: [topic, Topic.fromTopicArn(stack, 'OldTopic', arn('sns', 't'))],
    existingStream: [new Stream(stack, 'Stream'), Stream.fromStreamArn(stack, 'OldStream', arn('kinesis', 'stream/s'))],
    existingTable: [
      new Table(stack, 'Table', { partitionKey }),
      new TableV2(stack, 'TableV2', { partitionKey }),
      Table.fromTableName(stack, 'OldTable', 't'),
    ],
    httpsPeer: [Peer.anyIpv4(), ...groups],
    kafkaSecurityGroups: [groups],
    logGroup: logGroups,
    nameServerParameter: parameters,
    nameServers: [['10.0.1.5:9876'], Token.asList({ Ref: 'NameServers' })],
    onFailure: [new S3OnFailureDestination(bucket), new SqsDlq(queue), new SqsDestination(queue)],
    onSuccess: [new SqsDestination(queue)],
    peers: [[Peer.ipv4('10.0.0.0/16'), Peer.prefixList('pl-1'), ...groups]],
    period: [Duration.minutes(1)],
    producers: [[sqs.producerFunction]],
    role: [sqs.producerFunction.role, Role.fromRoleArn(stack, 'OldRole', 'arn:aws:iam::123456789012:role/r')],
    rootCaCertificate: [Secret.fromSecretNameV2(stack, 'OldSecret', 's'), new Secret(stack, 'Secret')],
    sources: [[sqs]],
    vpc: [testVpc(stack), new Vpc(stack, 'NewVpc')],
  };
}

test('what is made in the app and what is imported is right', () => {
  for (const [name, values] of Object.entries(rightValues(testStack()))) {
    for (const value of values) expect(propFaults({ [name]: value }, [name as CheckedProp])).toEqual([]);
  }
});

test('props that are right stay the object that was given', () => {
  const given = { functionOptions: { timeout: Duration.seconds(30) }, alarmActions: [] };
  expect(usableProps(given, ['functionOptions', 'alarmActions'])).toBe(given);
});
