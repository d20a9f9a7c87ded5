import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { MadeSource } from './app-sources/app-source.ts';
import { appSources } from './app-sources/app-sources.ts';
import type { ClusterSecurity } from './constructs/cluster-security.ts';
import { RocketMqCluster, type RocketMqClusterProps } from './constructs/rocketmq-cluster.ts';
import { RocketMqDashboard } from './constructs/rocketmq-dashboard.ts';
import type { RocketMqEventSourceProps } from './constructs/rocketmq-event-source.ts';
import { RocketMqLogQueries } from './constructs/rocketmq-log-queries.ts';
import type { ProducerFunctionOptions } from './constructs/rocketmq-producer-function.ts';
import { reportWarning } from './constructs/synth-fault.ts';
import type { AppContext } from './context-keys.ts';
import { type SourceName, sourceNames } from './source-keys.ts';

/** Properties of the stack. */
export interface RocketMqLambdaStackProps extends StackProps {
  /**
   * What the context says.
   * @default - nothing: a stack that can be looked at, and whose name servers are a placeholder
   */
  readonly settings?: AppContext;
}

/** Never resolves (RFC 2606), so that a deployment without name servers fails by name and reaches nobody. */
const placeholderNameServer = 'name-server.invalid:9876';

/** The chosen sources of events, a function for each that sends them to RocketMQ, and the cluster as all see it. */
export class RocketMqLambdaStack extends Stack {
  readonly cluster: RocketMqCluster;
  /** What was made for each of `sources`, by its name. */
  readonly sources: ReadonlyMap<SourceName, MadeSource>;

  constructor(scope: Construct, id: string, { settings = {}, ...props }: RocketMqLambdaStackProps = {}) {
    super(scope, id, { description: 'Events of AWS sources become Apache RocketMQ messages', ...props });
    this.cluster = new RocketMqCluster(this, 'Cluster', this.#clusterProps(settings));
    this.sources = this.#makeSources(settings);
    if (settings.dashboard === true) this.#makeDashboard();
    this.#writeOutputs();
  }

  #clusterProps(settings: AppContext): RocketMqClusterProps {
    const { nameServers, nameServerParameterName, brokerPorts, nameServerPorts } = settings;
    if (nameServers === undefined && nameServerParameterName === undefined) {
      reportWarning(this, {
        id: 'placeholder-name-server',
        text: `No name server was given, so the parameter holds ${placeholderNameServer}, which leads nowhere. Give -c nameServers=host:9876 or -c nameServerParameterName=/name, or change the parameter after deployment.`,
      });
    }
    return {
      ...(nameServerParameterName !== undefined && {
        nameServerParameter: this.#existingParameter('NameServers', nameServerParameterName),
      }),
      ...(nameServerParameterName === undefined && { nameServers: nameServers ?? [placeholderNameServer] }),
      ...(nameServerParameterName !== undefined && nameServers !== undefined && { nameServers }),
      ...(brokerPorts !== undefined && { brokerPorts }),
      ...(nameServerPorts !== undefined && { nameServerPorts }),
      ...this.#securityProps(settings),
      ...this.#networkProps(settings),
    };
  }

  #securityProps(settings: AppContext): ClusterSecurity {
    const { aclParameterName, aclKeyArn, tls, tlsCaParameterName, tlsServername, namespace } = settings;
    return {
      ...(aclParameterName !== undefined && {
        aclParameter: ssm.StringParameter.fromSecureStringParameterAttributes(this, 'Credentials', {
          parameterName: aclParameterName,
        }),
      }),
      ...(aclKeyArn !== undefined && { aclKey: kms.Key.fromKeyArn(this, 'CredentialsKey', aclKeyArn) }),
      ...(tls !== undefined && { tls }),
      ...(tlsCaParameterName !== undefined && {
        tlsCaParameter: this.#existingParameter('CertificateAuthorities', tlsCaParameterName),
      }),
      ...(tlsServername !== undefined && { tlsServername }),
      ...(namespace !== undefined && { namespace }),
    };
  }

  #existingParameter(id: string, parameterName: string): ssm.IParameter {
    return ssm.StringParameter.fromStringParameterAttributes(this, id, {
      parameterName,
      // Without it the template would have CloudFormation read the value, which only the function is to do.
      forceDynamicReference: true,
    });
  }

  #networkProps(settings: AppContext): Pick<RocketMqClusterProps, 'vpc' | 'peers'> {
    const { vpcId, availabilityZones = [], privateSubnetIds = [], brokerCidr, brokerSecurityGroupId } = settings;
    if (vpcId === undefined) return {};
    const vpc = ec2.Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId,
      availabilityZones: [...availabilityZones],
      privateSubnetIds: [...privateSubnetIds],
    });
    Validations.of(vpc).acknowledge({
      id: '@aws-cdk/aws-ec2:noSubnetRouteTableId',
      reason: 'Nothing here adds routes, so the route tables of the subnets need not be known.',
    });
    return {
      vpc,
      peers: [
        ...(brokerCidr === undefined ? [] : [ec2.Peer.ipv4(brokerCidr)]),
        ...(brokerSecurityGroupId === undefined ? [] : [ec2.Peer.securityGroupId(brokerSecurityGroupId)]),
      ],
    };
  }

  #sharedProps(settings: AppContext): RocketMqEventSourceProps {
    const { topic = 'events', producerGroup = 'rocketmq-lambda', instanceName, unitName, deduplicate } = settings;
    const { sendTimeoutMs, attemptTimeoutMs, deadlineReserveMs, alarmTopicArn } = settings;
    return {
      cluster: this.cluster,
      topic,
      producerGroup,
      ...(sendTimeoutMs !== undefined && { sendTimeout: Duration.millis(sendTimeoutMs) }),
      ...(attemptTimeoutMs !== undefined && { attemptTimeout: Duration.millis(attemptTimeoutMs) }),
      ...(deadlineReserveMs !== undefined && { deadlineReserve: Duration.millis(deadlineReserveMs) }),
      ...(instanceName !== undefined && { instanceName }),
      ...(unitName !== undefined && { unitName }),
      ...(deduplicate !== undefined && { deduplicate }),
      ...(alarmTopicArn !== undefined && {
        alarmActions: [new SnsAction(sns.Topic.fromTopicArn(this, 'AlarmTopic', alarmTopicArn))],
      }),
      functionOptions: functionOptions(settings),
    };
  }

  /** The chosen sources, in the order of the table, whatever the order in which they were named. */
  #makeSources(settings: AppContext): ReadonlyMap<SourceName, MadeSource> {
    const { sources = ['sqs'], removalPolicy, mappings = {} } = settings;
    const shared = this.#sharedProps(settings);
    const removal = removalPolicy === undefined ? {} : { removalPolicy: removalPolicies[removalPolicy] };
    const made = new Map<SourceName, MadeSource>();
    for (const name of sourceNames.filter((candidate) => sources.includes(candidate))) {
      const earlier = [...made.values()].map(({ source }) => source).filter((source) => source !== undefined);
      const { [name]: mapping } = mappings;
      const props = mapping === undefined ? shared : { ...shared, mapping };
      made.set(name, appSources[name]({ stack: this, settings, shared: props, removal, earlier }));
    }
    return made;
  }

  #makeDashboard(): void {
    const made = [...this.sources.values()];
    new RocketMqDashboard(this, 'Dashboard', {
      sources: made.map(({ source }) => source).filter((source) => source !== undefined),
      checkers: made.map(({ checker }) => checker).filter((checker) => checker !== undefined),
      producers: made
        .filter(({ source, checker }) => source === undefined && checker === undefined)
        .map(({ producerFunction }) => producerFunction),
    });
    const producers = made.map(({ producerFunction }) => producerFunction);
    new RocketMqLogQueries(this, 'Queries', { producers, folder: this.stackName });
  }

  #writeOutputs(): void {
    const output = (id: string, description: string, value: string) => new CfnOutput(this, id, { description, value });
    for (const [name, { producerFunction, outputs }] of this.sources) {
      const prefix = name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
      output(`${prefix}FunctionName`, `Function of ${name}`, producerFunction.function.functionName);
      for (const [id, [description, value]] of Object.entries(outputs)) output(`${prefix}${id}`, description, value);
    }
    output('NameServerParameterName', 'SSM parameter with the name servers', this.cluster.nameServerParameterName);
  }
}

const removalPolicies = { retain: RemovalPolicy.RETAIN, destroy: RemovalPolicy.DESTROY } as const;

function functionOptions(settings: AppContext): ProducerFunctionOptions {
  const { seedNameServers, functionTimeoutSeconds, functionMemoryMiB, logRetentionDays, removalPolicy } = settings;
  return {
    ...(seedNameServers !== undefined && { seedNameServers }),
    ...(functionTimeoutSeconds !== undefined && { timeout: Duration.seconds(functionTimeoutSeconds) }),
    ...(functionMemoryMiB !== undefined && { memorySize: functionMemoryMiB }),
    ...(logRetentionDays !== undefined && { logRetentionDays }),
    ...(removalPolicy !== undefined && { logGroupRemovalPolicy: removalPolicies[removalPolicy] }),
  };
}
