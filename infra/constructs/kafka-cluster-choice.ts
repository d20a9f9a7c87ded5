import { Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { AnySecret } from './any-secret.ts';
import type { AnyVpc } from './any-vpc.ts';
import { KafkaAuthentication } from './kafka-authentication.ts';
import type { SynthFault } from './synth-fault.ts';

/** Which topic of which Kafka cluster is read, and how Lambda gets there. */
export interface KafkaClusterChoice {
  /** The Kafka topic that is read. It must exist. */
  readonly kafkaTopic: string;

  /**
   * ARN of a cluster of MSK, provisioned or serverless. Lambda reaches it through the network of the cluster.
   * @default - none; then `bootstrapServers` must be given
   */
  readonly mskClusterArn?: string;

  /**
   * Addresses of 1 to 10 brokers of a self-managed cluster, each `host:port`; these tell Lambda of the others.
   * @default - none; then `mskClusterArn` must be given
   */
  readonly bootstrapServers?: readonly string[];

  /**
   * How Lambda proves itself to the brokers.
   * @default - `KafkaAuthentication.iam()` with MSK, else `none()`
   */
  readonly authentication?: KafkaAuthentication;

  /**
   * The secret with the authority of the brokers' certificates, in PEM under `certificate`, where it is a private one. Self-managed clusters
   * only.
   * @default - authorities that Lambda trusts
   */
  readonly rootCaCertificate?: AnySecret;

  /**
   * The consumer group under which Lambda reads. Each mapping needs one of its own, and it cannot be changed later. A new one starts at
   * `startingPosition`, an existing one where it stopped.
   * @default - Lambda makes one up; IAM authentication needs one that is known
   */
  readonly consumerGroupId?: string;

  /**
   * The VPC through which a self-managed cluster is reached. Needs `kafkaSecurityGroups`.
   * @default - brokers are reached over the internet
   */
  readonly kafkaVpc?: AnyVpc;

  /**
   * The subnets of `kafkaVpc` from which Lambda reads.
   * @default - the private subnets
   */
  readonly kafkaVpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups that reach the brokers, for Lambda's side.
   * @default - none
   */
  readonly kafkaSecurityGroups?: readonly ec2.ISecurityGroup[];

  /**
   * Pollers of the mapping. There is always one at least, which costs money by the hour: **only in this provisioned mode** does Lambda
   * heed which records the function reports as failed.
   * @default - 1 to 10, or as many as `minimumPollers` where those are more
   */
  readonly pollers?: lambda.ProvisionedPollerConfig;
}

const legalGroup = /^[a-zA-Z0-9\-/*:_+=.@]{1,200}$/;
/** Kafka knows topics of one character, and some that begin with a dot. Lambda does not. */
const legalTopic = /^[a-zA-Z0-9_-][a-zA-Z0-9._-]{1,248}$/;
const mostServers = 10;
const legalServer = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?:([0-9]{1,5})$/;

/** The authentication that was given, or the one that the kind of cluster has by default. */
export function authenticationOf({ authentication, mskClusterArn }: KafkaClusterChoice): KafkaAuthentication {
  return authentication ?? (mskClusterArn === undefined ? KafkaAuthentication.none() : KafkaAuthentication.iam());
}

/** The pollers, with the numbers that were left out. */
export function pollersOf(pollers: lambda.ProvisionedPollerConfig = {}): PollerConfig {
  const { minimumPollers = 1, maximumPollers = Math.max(10, minimumPollers) } = pollers;
  return { ...pollers, minimumPollers, maximumPollers };
}

type PollerConfig = lambda.ProvisionedPollerConfig &
  Required<Pick<lambda.ProvisionedPollerConfig, 'minimumPollers' | 'maximumPollers'>>;

/** Everything about the choice that Lambda would refuse, or that could not work. */
export function kafkaClusterFaults(choice: KafkaClusterChoice): SynthFault[] {
  return [
    ...clusterFaults(choice),
    ...nameFaults(choice),
    ...authenticationFaults(choice),
    ...networkFaults(choice),
    ...pollerFaults(pollersOf(choice.pollers)),
  ];
}

function clusterFaults({ mskClusterArn, bootstrapServers = [] }: KafkaClusterChoice): SynthFault[] {
  if ((mskClusterArn === undefined) === (bootstrapServers.length === 0)) {
    const both = mskClusterArn !== undefined;
    const text = `${both ? 'Both mskClusterArn and bootstrapServers are' : 'Neither mskClusterArn nor bootstrapServers is'} given. Give the one for a cluster of MSK, or the other for a self-managed one.`;
    return [{ id: 'kafka-cluster', text }];
  }
  const isMsk = mskClusterArn === undefined || Token.isUnresolved(mskClusterArn) || mskClusterArn.includes(':cluster/');
  const faults: SynthFault[] = [];
  if (!isMsk) {
    const text = `mskClusterArn is "${mskClusterArn}"; give the ARN of a cluster, such as arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0123-4567.`;
    faults.push({ id: 'kafka-cluster', text });
  }
  // Apps in JavaScript have no compiler that tells them.
  if (typeof bootstrapServers === 'string') {
    const text = `bootstrapServers must be a list, each host:port, but is "${bootstrapServers}".`;
    return [...faults, { id: 'kafka-cluster', text }];
  }
  // A list that is known at deployment only has one element, which is no token of its own.
  const known = Token.isUnresolved(bootstrapServers) ? [] : bootstrapServers;
  if (known.length > mostServers) {
    const text = `bootstrapServers names ${known.length} brokers; Lambda allows 1 to ${mostServers}, which tell it of the others. Name fewer.`;
    faults.push({ id: 'kafka-cluster', text });
  }
  for (const server of known) {
    if (Token.isUnresolved(server) || isServer(server)) continue;
    const text = `"${server}" is not the address of a Kafka broker. Write host:port, for example broker-1.example.com:9096.`;
    faults.push({ id: 'kafka-cluster', text });
  }
  return faults;
}

function isServer(address: string): boolean {
  const port = Number(legalServer.exec(address)?.[2] ?? 0);
  return port >= 1 && port <= 65_535;
}

function nameFaults({ kafkaTopic, consumerGroupId }: KafkaClusterChoice): SynthFault[] {
  const faults: SynthFault[] = [];
  // Apps in JavaScript have no compiler that tells them of one that is missing.
  if (!Token.isUnresolved(kafkaTopic) && !(typeof kafkaTopic === 'string' && legalTopic.test(kafkaTopic))) {
    const text = `kafkaTopic is ${JSON.stringify(kafkaTopic)}; Lambda reads topics of 2 to 249 letters, digits, ".", "_" and "-" that do not begin with ".".`;
    faults.push({ id: 'kafka-topic', text });
  }
  if (consumerGroupId !== undefined && !Token.isUnresolved(consumerGroupId) && !legalGroup.test(consumerGroupId)) {
    const text = `consumerGroupId is "${consumerGroupId}"; Lambda allows 1 to 200 letters, digits and - / * : _ + = . @.`;
    faults.push({ id: 'kafka-consumer-group', text });
  }
  return faults;
}

function authenticationFaults(choice: KafkaClusterChoice): SynthFault[] {
  const { mskClusterArn, bootstrapServers = [], consumerGroupId, rootCaCertificate, kafkaVpc } = choice;
  const authentication = authenticationOf(choice);
  const faults: SynthFault[] = [];
  if (!authentication.isFor(mskClusterArn === undefined ? 'selfManaged' : 'msk')) {
    const text = `The authentication ${authentication.kind} is not to be had with ${mskClusterArn === undefined ? 'a self-managed cluster' : 'MSK'}. Choose another of KafkaAuthentication.`;
    faults.push({ id: 'kafka-authentication', text });
  } else if (authentication.kind === 'IAM' && consumerGroupId === undefined) {
    const text =
      'IAM authentication needs a consumerGroupId: the role may read in that one group only, and the one that Lambda makes up is not known beforehand.';
    faults.push({ id: 'kafka-consumer-group', text });
  }
  if (bootstrapServers.length > 0 && authentication.kind === 'NONE' && kafkaVpc === undefined) {
    const text =
      'Brokers that are reached over the internet need authentication. Give authentication with a secret, or the kafkaVpc that leads to them.';
    faults.push({ id: 'kafka-authentication', text });
  }
  if (mskClusterArn !== undefined && rootCaCertificate !== undefined) {
    const text = 'rootCaCertificate would have no effect: Lambda trusts the authorities of MSK. Remove it.';
    faults.push({ id: 'kafka-authentication', text });
  }
  return faults;
}

function networkFaults(choice: KafkaClusterChoice): SynthFault[] {
  const { mskClusterArn, kafkaVpc, kafkaVpcSubnets, kafkaSecurityGroups = [] } = choice;
  const isNetwork = (kafkaVpc ?? kafkaVpcSubnets) !== undefined || kafkaSecurityGroups.length > 0;
  if (mskClusterArn !== undefined && isNetwork) {
    const text =
      'kafkaVpc, kafkaVpcSubnets and kafkaSecurityGroups would have no effect: Lambda reaches MSK through the network of the cluster. Remove them.';
    return [{ id: 'kafka-network', text }];
  }
  if (isNetwork && (kafkaVpc === undefined || kafkaSecurityGroups.length === 0)) {
    const text =
      'kafkaVpc and kafkaSecurityGroups go together: Lambda reads from a VPC through groups of it. Give both.';
    return [{ id: 'kafka-network', text }];
  }
  return [];
}

function pollerFaults({ minimumPollers, maximumPollers }: PollerConfig): SynthFault[] {
  if (Token.isUnresolved(minimumPollers) || Token.isUnresolved(maximumPollers)) return [];
  const isFine =
    Number.isInteger(minimumPollers) &&
    Number.isInteger(maximumPollers) &&
    minimumPollers >= 1 &&
    minimumPollers <= 200 &&
    maximumPollers >= minimumPollers &&
    maximumPollers <= 2000;
  if (isFine) return [];
  const text = `pollers are ${minimumPollers} to ${maximumPollers}; Lambda allows 1 to 200 at least and up to 2000 at most.`;
  return [{ id: 'kafka-pollers', text }];
}
