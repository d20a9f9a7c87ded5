import type { Duration } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** What a prop must be. */
interface PropKind {
  /** As in "alarmActions must be …". */
  readonly what: string;
  readonly isFine: (value: unknown) => boolean;
  /** Of a list: what each of its elements must be. */
  readonly isElement?: (element: unknown) => boolean;
}

/** By its method, for an app can have more than one copy of the CDK. */
export const isDuration = hasMember('toMilliseconds') as (value: unknown) => value is Duration;

function hasMember(name: string): (value: unknown) => boolean {
  return (value) => typeof value === 'object' && value !== null && name in value;
}

function duration(example: string): PropKind {
  return { what: `a Duration, such as Duration.${example}`, isFine: isDuration };
}

/** A construct or another object, known by a member that all of its kind have. */
function object(what: string, member: string): PropKind {
  return { what, isFine: hasMember(member) };
}

function listOf(what: string, isElement: (element: unknown) => boolean): PropKind {
  return { what: `a list of ${what}`, isFine: (value) => Array.isArray(value) && value.every(isElement), isElement };
}

const anything = () => true;
const isText = (value: unknown) => typeof value === 'string';
/** Text in its place is told of by checks of their own. */
const names = (what: string): PropKind => {
  return { what: `a list of ${what}`, isFine: (value) => Array.isArray(value) || isText(value) };
};
const options: PropKind = {
  what: 'an object',
  isFine: (value) => typeof value === 'object' && value !== null,
};
const secret = object('a secret, such as Secret.fromSecretNameV2(…)', 'secretArn');
const securityGroups = listOf('security groups', hasMember('securityGroupId'));
const parameter = (maker: string) => object(`a parameter, such as StringParameter.${maker}(…)`, 'parameterArn');
const logGroup = object('a log group, such as LogGroup.fromLogGroupName(…)', 'logGroupRef');
const vpc = object('a VPC, such as Vpc.fromLookup(…)', 'vpcId');

/** Props with which constructs would do something at once that only their kind of value can, by name. */
const kinds = {
  accessLogGroup: logGroup,
  aclKey: object('a key, such as Key.fromKeyArn(…)', 'keyArn'),
  aclParameter: parameter('fromSecureStringParameterAttributes'),
  alarmActions: listOf('alarm actions, such as [new SnsAction(topic)]', hasMember('bind')),
  alarms: listOf('alarms', hasMember('alarmArn')),
  archiveRetention: duration('days(7)'),
  authentication: object('a KafkaAuthentication, such as KafkaAuthentication.iam()', 'isFor'),
  authorizer: object('an authorizer, such as new HttpIamAuthorizer()', 'bind'),
  awakeTime: duration('seconds(60)'),
  bootstrapServers: names('brokers, each host:port'),
  brokerPorts: listOf('ports, such as [10911]', anything),
  checkers: listOf('constructs of TransactionChecker', hasMember('producerFunction')),
  cluster: object('a RocketMqCluster', 'nameServerParameterName'),
  dashboardOptions: options,
  dataKeyReuse: duration('minutes(5)'),
  deadLetterQueue: object('a queue, such as Queue.fromQueueArn(…)', 'queueArn'),
  deliveryDelay: duration('seconds(5)'),
  environmentEncryption: object('a key, such as Key.fromKeyArn(…)', 'keyRef'),
  ephemeralStorageSize: object('a Size, such as Size.mebibytes(1024)', 'toMebibytes'),
  eventBusOptions: options,
  eventPattern: options,
  eventTypes: listOf('types of events, such as [EventType.OBJECT_CREATED]', isText),
  existingBucket: object('a bucket, such as Bucket.fromBucketName(…)', 'bucketArn'),
  existingEventBus: object('a bus, such as EventBus.fromEventBusName(…)', 'eventBusName'),
  existingHttpApi: object('an HTTP API, such as HttpApi.fromHttpApiAttributes(…)', 'apiRef'),
  existingQueue: object('a queue, such as Queue.fromQueueArn(…)', 'queueArn'),
  existingSnsTopic: object('a topic of SNS, such as Topic.fromTopicArn(…)', 'topicArn'),
  existingStream: object('a stream, such as Stream.fromStreamArn(…)', 'streamArn'),
  existingTable: object('a table, such as Table.fromTableAttributes(…)', 'tableArn'),
  filterPolicy: options,
  filterPolicyWithMessageBody: options,
  filters: listOf('filters, such as [FilterCriteria.filter({…})]', anything),
  functionOptions: options,
  handoverMaxAge: duration('hours(1)'),
  httpsPeer: object('a peer, such as Peer.ipv4("10.0.0.0/16")', 'toEgressRuleConfig'),
  kafkaSecurityGroups: securityGroups,
  kafkaVpc: vpc,
  keyFilter: options,
  layers: listOf('layers', anything),
  logGroup,
  maxBatchingWindow: duration('seconds(5)'),
  maxEventAge: duration('hours(1)'),
  maxRecordAge: duration('hours(6)'),
  mskClusterArn: { what: 'text, the ARN of a cluster', isFine: isText },
  nameServerParameter: parameter('fromStringParameterName'),
  nameServerPorts: listOf('ports, such as [9876]', anything),
  nameServers: names('name servers, each host:port'),
  onFailure: object('a destination, such as new S3OnFailureDestination(bucket)', 'bind'),
  onSuccess: object('a destination, such as new SqsDestination(queue)', 'bind'),
  patience: duration('seconds(60)'),
  peers: listOf('peers, such as [Peer.ipv4("10.0.0.0/16")]', hasMember('toEgressRuleConfig')),
  period: duration('minutes(1)'),
  pollers: options,
  producers: listOf('producer functions, such as [orders.producerFunction]', hasMember('grantInvoke')),
  queueOptions: options,
  receiveMessageWaitTime: duration('seconds(20)'),
  retentionPeriod: duration('days(4)'),
  role: object('a role, such as Role.fromRoleArn(…)', 'roleArn'),
  rootCaCertificate: secret,
  schemaRegistry: object('a schema registry, such as new GlueSchemaRegistry({…})', 'bind'),
  securityGroups,
  sources: listOf('…ToRocketMq constructs', hasMember('producerFunction')),
  streamOptions: options,
  timeout: duration('seconds(30)'),
  tlsCaParameter: parameter('fromStringParameterName'),
  topics: names('topics'),
  transactionCheckInterval: duration('seconds(30)'),
  visibilityTimeout: duration('minutes(3)'),
  vpc,
} as const satisfies Readonly<Record<string, PropKind>>;

/** Names of props that can be checked. */
export type CheckedProp = keyof typeof kinds;

/** Props of a function, among options or by themselves. */
export const functionProps = [
  'deadLetterQueue',
  'environmentEncryption',
  'ephemeralStorageSize',
  'layers',
  'logGroup',
  'maxEventAge',
  'onFailure',
  'onSuccess',
  'role',
  'timeout',
] as const satisfies readonly CheckedProp[];

/** Props of the options that are handed on, by the prop that holds them. */
const held: Readonly<Record<string, readonly CheckedProp[]>> = {
  functionOptions: functionProps,
  queueOptions: ['dataKeyReuse', 'deliveryDelay', 'receiveMessageWaitTime', 'retentionPeriod'],
  streamOptions: ['retentionPeriod'],
};

/** What every `…ToRocketMq` construct is given, and what else takes the same. */
export const sourceProps = ['cluster', 'functionOptions', 'alarmActions'] as const satisfies readonly CheckedProp[];

/**
 * The props of a construct without those of another kind than they must be, which are reported as faults. Apps in JavaScript have no
 * compiler that tells them of a number in place of a `Duration`, or of text in place of a construct, and would end in a `TypeError` that
 * does not say where. No props at all are an empty object.
 *
 * @param names what to look at; a construct leaves alone what it does not know
 */
export function checkedProps<T extends object>(
  scope: IConstruct,
  props: T,
  names: readonly (keyof T & CheckedProp)[],
): T {
  reportFaults(scope, propFaults(props, names));
  return usableProps(props, names);
}

/** What `checkedProps` reports, for a construct that needs its props before it exists. */
export function propFaults<T extends object>(props: T, names: readonly (keyof T & CheckedProp)[]): SynthFault[] {
  return wrongProps(props ?? {}, names).map(({ path, value, what }) => {
    return { id: 'prop', text: `${path} must be ${what}, but is ${shown(value)}.` };
  });
}

/** What `checkedProps` returns, for a construct that needs its props before it exists. */
export function usableProps<T extends object>(props: T, names: readonly (keyof T & CheckedProp)[]): T {
  return usable(props ?? {}, names) as T;
}

function usable(props: object, names: readonly CheckedProp[]): object {
  const changed = new Map<string, unknown>();
  for (const name of names) {
    const value: unknown = Reflect.get(props, name);
    if (value === undefined) continue;
    const { isFine, isElement }: PropKind = kinds[name];
    if (!isFine(value)) changed.set(name, isElement?.(value) === true ? [value] : undefined);
    const parts = isFine(value) && held[name] !== undefined ? usable(value as object, held[name]) : value;
    if (parts !== value) changed.set(name, parts);
  }
  // As they were given: what is copied loses what an object of a class inherits.
  if (changed.size === 0) return props;
  const entries = Object.entries({ ...props, ...Object.fromEntries(changed) });
  return Object.fromEntries(entries.filter(([name, value]) => value !== undefined || !changed.has(name)));
}

interface WrongProp {
  readonly path: string;
  readonly value: unknown;
  readonly what: string;
}

function wrongProps(props: object, names: readonly CheckedProp[], within = ''): WrongProp[] {
  return names.flatMap((name) => {
    const value: unknown = Reflect.get(props, name);
    if (value === undefined) return [];
    const { what, isFine }: PropKind = kinds[name];
    const path = `${within}${name}`;
    if (!isFine(value)) return [{ path, value, what }];
    return held[name] === undefined ? [] : wrongProps(value as object, held[name], `${path}.`);
  });
}

/** A value as it may be shown: constructs lead to all others, and have no JSON. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? String(value);
  return Construct.isConstruct(value) ? `the construct ${value.node.path}` : 'another object';
}
