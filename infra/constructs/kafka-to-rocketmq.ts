import { Fn } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AnySecret } from './any-secret.ts';
import { propFaults, usableProps } from './checked-props.ts';
import { authenticationOf, type KafkaClusterChoice, kafkaClusterFaults, pollersOf } from './kafka-cluster-choice.ts';
import { kafkaDestinationFaults, kafkaDestinationOf } from './kafka-destination.ts';
import { allowPollerInterfaces, NetworkInterfaceDenial } from './network-interface-access.ts';
import { regionFaults } from './region-faults.ts';
import { StreamSource } from './stream-source.ts';
import type { StreamSourceProps } from './stream-source-props.ts';
import { reportFaults } from './synth-fault.ts';

/** Properties of a way from a Kafka topic to a RocketMQ topic. */
export interface KafkaToRocketMqProps extends StreamSourceProps, KafkaClusterChoice {
  /**
   * Records not read, of all partitions, at which the alarm on lag goes off.
   * @default 10000
   */
  readonly lagThreshold?: number;

  /**
   * How values of a schema registry are read before the function gets them.
   * @default - as they are
   */
  readonly schemaRegistry?: lambda.ISchemaRegistry;

  /**
   * What Lambda logs of its reading.
   * @default - nothing
   */
  readonly logLevel?: lambda.EventSourceMappingLogLevel;
}

const ownProps = [
  'authentication',
  'bootstrapServers',
  'cluster',
  'kafkaSecurityGroups',
  'kafkaVpc',
  'mskClusterArn',
  'pollers',
  'rootCaCertificate',
  'schemaRegistry',
] as const;

/**
 * Records of a Kafka topic, of MSK or of a cluster of your own, become messages of a RocketMQ topic, in the order of their keys. A record that
 * fails holds up its partition until it is stored, or given up by age or tries.
 */
export class KafkaToRocketMq extends StreamSource {
  /** What makes Lambda read the topic. */
  readonly eventSourceMapping: lambda.EventSourceMapping;

  constructor(scope: Construct, id: string, given: KafkaToRocketMqProps) {
    const props = usableProps(given, ownProps);
    super(scope, id, props, {
      source: 'kafka',
      // As many as the topic has partitions, which nobody tells here.
      maxSandboxes: undefined,
      lag: { metricName: 'OffsetLag', label: 'Kafka: records not read', threshold: props.lagThreshold ?? 10_000 },
    });
    const faults = [...propFaults(given, ownProps), ...kafkaClusterFaults(props)];
    const { mskClusterArn, bootstrapServers = [], consumerGroupId, schemaRegistry, logLevel } = props;
    this.#grantRead(props);
    const access = accessConfigurations(props);
    this.eventSourceMapping = this.read({
      faults: [
        ...faults,
        ...regionFaults(this, {
          mskClusterArn,
          'The secret of authentication': placeOf(authenticationOf(props).secret),
          rootCaCertificate: placeOf(props.rootCaCertificate),
        }),
      ],
      options: {
        kafkaTopic: props.kafkaTopic,
        ...(mskClusterArn === undefined
          ? { kafkaBootstrapServers: bootstrapServers.length === 0 ? ['missing:9092'] : [...bootstrapServers] }
          : { eventSourceArn: mskClusterArn }),
        ...(access.length > 0 && { sourceAccessConfigurations: access }),
        // The CDK throws for what has been reported as a fault, and would hide the rest.
        provisionedPollerConfig: pollersOf(faults.length === 0 ? props.pollers : {}),
        ...(faults.length === 0 && consumerGroupId !== undefined && { kafkaConsumerGroupId: consumerGroupId }),
        ...(schemaRegistry !== undefined && { schemaRegistryConfig: schemaRegistry }),
        ...(logLevel !== undefined && { logLevel }),
      },
    });
    this.#grantDestination(props);
  }

  /** What Lambda needs to read with the role of the function; of it, the function's own code is denied the network interfaces. */
  #grantRead(props: KafkaToRocketMqProps): void {
    const { cluster, mskClusterArn, kafkaVpc, rootCaCertificate } = props;
    const { role, function: fn } = this.producerFunction;
    authenticationOf(props).secret?.grantRead(role);
    rootCaCertificate?.grantRead(role);
    if (mskClusterArn !== undefined) this.#grantMsk(props, mskClusterArn);
    if (mskClusterArn === undefined && kafkaVpc === undefined) return;
    // Missing in an app in JavaScript, which the function has told of.
    const isInVpc = cluster?.network.vpc !== undefined;
    allowPollerInterfaces(role, { isForFunctionToo: isInVpc });
    if (!isInVpc) new NetworkInterfaceDenial(this, 'NetworkInterfaceDenial', { role, fn });
  }

  /** Lets Lambda write what was given up into a topic of the same cluster, where that is the destination. */
  #grantDestination(props: KafkaToRocketMqProps): void {
    const destination = kafkaDestinationOf(this.eventSourceMapping);
    reportFaults(this, kafkaDestinationFaults(destination, props.kafkaTopic));
    const { mskClusterArn } = props;
    if (destination === undefined || mskClusterArn === undefined || authenticationOf(props).kind !== 'IAM') return;
    const topicArn = `${arnWithin(mskClusterArn, 'topic')}/${destination}`;
    this.#grant(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], [topicArn]);
  }

  #grant(actions: string[], resourceArns: string[]): void {
    iam.Grant.addToPrincipal({ grantee: this.producerFunction, actions, resourceArns });
  }

  #grantMsk(props: KafkaToRocketMqProps, clusterArn: string): void {
    this.#grant(['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], [clusterArn]);
    const { kafkaTopic, consumerGroupId } = props;
    if (authenticationOf(props).kind !== 'IAM' || consumerGroupId === undefined) return;
    this.#grant(['kafka-cluster:Connect', 'kafka-cluster:DescribeClusterDynamicConfiguration'], [clusterArn]);
    this.#grant(
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
      [`${arnWithin(clusterArn, 'topic')}/${kafkaTopic}`],
    );
    this.#grant(
      ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'],
      [`${arnWithin(clusterArn, 'group')}/${consumerGroupId}`],
    );
  }
}

/** What tells the Region of a secret. */
function placeOf(secret: AnySecret | undefined) {
  return [secret?.secretArn, secret] as const;
}

/** `arn:…:cluster/name/uuid` → `arn:…:topic/name/uuid`, also when the ARN is known at deployment only. */
function arnWithin(clusterArn: string, kind: 'topic' | 'group'): string {
  return Fn.join(`:${kind}/`, Fn.split(':cluster/', clusterArn, 2));
}

function accessConfigurations(props: KafkaToRocketMqProps): lambda.SourceAccessConfiguration[] {
  const { kafkaVpc, kafkaVpcSubnets, kafkaSecurityGroups = [], rootCaCertificate } = props;
  const { SERVER_ROOT_CA_CERTIFICATE, VPC_SECURITY_GROUP, VPC_SUBNET } = lambda.SourceAccessConfigurationType;
  return [
    ...authenticationOf(props).accessConfigurations(),
    ...(rootCaCertificate === undefined
      ? []
      : [{ type: SERVER_ROOT_CA_CERTIFICATE, uri: rootCaCertificate.secretArn }]),
    ...(kafkaVpc?.selectSubnets(kafkaVpcSubnets).subnetIds ?? []).map((id) => ({ type: VPC_SUBNET, uri: id })),
    ...kafkaSecurityGroups.map((group) => ({ type: VPC_SECURITY_GROUP, uri: group.securityGroupId })),
  ];
}
