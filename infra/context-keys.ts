import * as logs from 'aws-cdk-lib/aws-logs';
import {
  arnOf,
  awsId,
  type ContextKey,
  type ContextReader,
  ContextValueError,
  flag,
  integer,
  listOf,
  oneOf,
  text,
  textLike,
} from './context-value.ts';
import { mappingsBySource } from './mappings-context.ts';
import { nameServerFault, producerGroupFault, topicFault } from './rocketmq-names.ts';
import { sourceKeys, sourceNames } from './source-keys.ts';

/** Retentions that CloudWatch Logs knows. */
const retentions = Object.values(logs.RetentionDays).filter((days) => typeof days === 'number');

const port = integer(1, 65_535);
const parameterName = textLike(
  /^(\/[A-Za-z0-9._-]+)+$|^[A-Za-z0-9._-]+$/,
  'the name of an SSM parameter, such as /rocketmq/name-servers',
);

/** Every context key of the app. docs/configuration.md is held to it by a test. */
export const contextKeys = {
  stackName: {
    meaning: 'Name of the CloudFormation stack; a second deployment needs another one.',
    defaultText: '`RocketMqLambda`',
    example: 'OrdersToRocketMq',
    read: textLike(
      /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
      'a letter, then letters, digits and hyphens, at most 128 characters',
    ),
  },
  topic: {
    meaning: 'Topic that messages go to. It must exist.',
    defaultText: '`events`',
    example: 'orders',
    read: checked(topicFault),
  },
  producerGroup: {
    meaning: 'Producer group under which brokers know the function.',
    defaultText: '`rocketmq-lambda`',
    example: 'orders-from-sqs',
    read: checked(producerGroupFault),
  },
  nameServers: {
    meaning: 'Name servers, written to an SSM parameter that the stack creates.',
    defaultText: 'none; the parameter then holds a placeholder that leads nowhere',
    example: '10.0.1.5:9876,10.0.2.5:9876',
    read: listOf(checked(nameServerFault), 'name servers, host:port each'),
  },
  nameServerParameterName: {
    meaning: 'Name of an SSM parameter that exists and holds the name servers, in place of `nameServers`.',
    defaultText: 'a parameter is created',
    example: '/rocketmq/name-servers',
    read: parameterName,
  },
  aclParameterName: {
    meaning:
      'Name of an SSM parameter (SecureString) that exists and holds `{"accessKey","secretKey","securityToken"}`.',
    defaultText: 'requests are not signed',
    example: '/rocketmq/credentials',
    read: parameterName,
  },
  aclKeyArn: {
    meaning: 'ARN of the KMS key that `aclParameterName` is encrypted with, if it is not `aws/ssm`.',
    defaultText: '`aws/ssm`',
    example: 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
    read: textLike(
      /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/,
      'the ARN of a key such as arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
    ),
  },
  tls: {
    meaning: 'Whether connections to name servers and brokers are encrypted.',
    defaultText: '`false`',
    example: 'true',
    read: flag,
  },
  tlsCaParameterName: {
    meaning: 'Name of an SSM parameter that exists and holds the authorities of the servers in PEM. Needs `tls`.',
    defaultText: 'the authorities that Node trusts',
    example: '/rocketmq/ca',
    read: parameterName,
  },
  tlsServername: {
    meaning: 'Name that the certificates of the servers are for, if it is not the host of their address. Needs `tls`.',
    defaultText: 'the host of each address',
    example: 'rocketmq.internal',
    read: text,
  },
  namespace: {
    meaning: 'Namespace that topic and producer group live in.',
    defaultText: 'none',
    example: 'production',
    read: text,
  },
  seedNameServers: {
    meaning: 'Whether `nameServers` are also put into the environment, so that a cold start need not wait for SSM.',
    defaultText: '`false`',
    example: 'true',
    read: flag,
  },
  instanceName: {
    meaning:
      'Replaces process id and random number in client ids, which are then the same in all connections; leave it out unless somebody looks for the name.',
    defaultText: 'none',
    example: 'orders',
    read: text,
  },
  unitName: {
    meaning: 'Name of the cluster unit, for clusters divided into units.',
    defaultText: 'none',
    example: 'unit1',
    read: text,
  },
  deduplicate: {
    meaning:
      'Which records are sent only if no broker has them yet: `off` for none, `redelivered` for those that SQS delivers again, `always`.',
    defaultText: '`redelivered`',
    example: 'always',
    read: oneOf('off', 'redelivered', 'always'),
  },
  mappings: {
    meaning: 'What messages records become: JSON with a mapping, as in docs/mapping.md, for each source by its name.',
    defaultText: 'records are sent as they are',
    example: '{"sqs":{"tag":"body.kind"}}',
    read: mappingsBySource,
  },
  sendTimeoutMs: {
    meaning: 'Milliseconds that one message may take, all attempts together.',
    defaultText: '`6000`',
    example: '5000',
    read: integer(1, 900_000),
  },
  attemptTimeoutMs: {
    meaning: 'Milliseconds that one attempt may take; less than `sendTimeoutMs`.',
    defaultText: '`2000`',
    example: '1500',
    read: integer(1, 900_000),
  },
  deadlineReserveMs: {
    meaning: 'Milliseconds kept back at the end of an invocation for its answer.',
    defaultText: '`500`',
    example: '1000',
    read: integer(0, 60_000),
  },
  functionTimeoutSeconds: {
    meaning:
      'Seconds after which Lambda stops an invocation; for `http` 29 at the most. That of `transaction-check` follows from how long it stays awake.',
    defaultText: '`30`; `20` for `http`',
    example: '60',
    read: integer(1, 900),
  },
  functionMemoryMiB: {
    meaning: 'Memory of the function in MiB; its share of CPU grows with it.',
    defaultText: '`512`',
    example: '1024',
    read: integer(128, 10_240),
  },
  sources: {
    meaning:
      'What the stack contains: any of `sqs`, `kinesis`, `dynamodb`, `kafka`, `sns`, `eventbridge`, `s3`, `http`; `schedule`, which keeps those warm; `transaction-check`, which answers for senders of transactions to `topic`.',
    defaultText: '`sqs`',
    example: 'sqs,kinesis',
    read: listOf(oneOf(...sourceNames), `sources (${sourceNames.join(', ')})`),
  },
  ...sourceKeys,
  vpcId: {
    meaning:
      'VPC from which the brokers can be reached. Needs `availabilityZones`, `privateSubnetIds`, and `brokerCidr` or `brokerSecurityGroupId`.',
    defaultText: 'the function runs outside of a VPC',
    example: 'vpc-0123456789abcdef0',
    read: awsId('vpc'),
  },
  availabilityZones: {
    meaning: 'Availability zones of the private subnets.',
    defaultText: 'none',
    example: 'eu-west-1a,eu-west-1b',
    read: listOf(textLike(/^[a-z0-9-]+$/, ''), 'availability zones'),
  },
  privateSubnetIds: {
    meaning: 'Private subnets for the function, as many per zone in each of `availabilityZones`.',
    defaultText: 'none',
    example: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    read: listOf(awsId('subnet'), 'subnet ids'),
  },
  brokerCidr: {
    meaning: 'Address range of brokers and name servers, the only one the function may reach besides HTTPS.',
    defaultText: 'none',
    example: '10.0.0.0/16',
    read: textLike(/^([0-9]{1,3}\.){3}[0-9]{1,3}\/[0-9]{1,2}$/, 'an IPv4 range such as 10.0.0.0/16'),
  },
  brokerSecurityGroupId: {
    meaning: 'Security group of brokers and name servers. It must let the function in.',
    defaultText: 'none',
    example: 'sg-0123456789abcdef0',
    read: awsId('sg'),
  },
  brokerPorts: {
    meaning: 'Ports on which brokers listen for clients.',
    defaultText: '`10911`',
    example: '10911,10921',
    read: listOf(port, 'ports from 1 to 65535'),
  },
  nameServerPorts: {
    meaning: 'Ports on which name servers listen.',
    defaultText: 'those in `nameServers`, or `9876`',
    example: '9876',
    read: listOf(port, 'ports from 1 to 65535'),
  },
  logRetentionDays: {
    meaning: 'Days for which logs are kept.',
    defaultText: '`30`',
    example: '14',
    read: oneOf(...retentions),
  },
  alarmTopicArn: {
    meaning: 'SNS topic that alarms are sent to.',
    defaultText: 'alarms are not sent anywhere',
    example: 'arn:aws:sns:eu-west-1:123456789012:alarms',
    read: arnOf('sns'),
  },
  dashboard: {
    meaning: 'Whether the stack has a dashboard for all it contains, and saved queries for the logs.',
    defaultText: '`false`',
    example: 'true',
    read: flag,
  },
  removalPolicy: {
    meaning:
      'What happens to created queues, streams, tables, buckets, logs and the transaction log when the stack is deleted: `retain`, or `destroy` with what is in them; a bucket that is not empty keeps the stack from being deleted.',
    defaultText: '`retain`',
    example: 'destroy',
    read: oneOf('retain', 'destroy'),
  },
} satisfies Record<string, ContextKey<unknown>>;

/** The values of the context keys; a key that was not given is not there. */
export type AppContext = {
  readonly [Key in keyof typeof contextKeys]?: ReturnType<(typeof contextKeys)[Key]['read']>;
};

function checked(fault: (value: string) => string | undefined): ContextReader<string> {
  return (value) => {
    const given = text(value);
    const found = fault(given);
    if (found !== undefined) throw new ContextValueError(found);
    return given;
  };
}
