import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionCode } from '../function-code.ts';
import { checkedProps, functionProps } from './checked-props.ts';
import { areKnown } from './known-range.ts';
import { allowNetworkInterfaces, NetworkInterfaceDenial } from './network-interface-access.ts';
import {
  defaultEnvironment,
  environmentFaults,
  environmentSizeFaults,
  type ProducerSettings,
  producerEnvironment,
  settingsFaults,
  strayVariableFaults,
} from './producer-environment.ts';
import { mappingFaults } from './record-mapping.ts';
import { RocketMqCluster } from './rocketmq-cluster.ts';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** Why connections are opened, as metrics name it; a test keeps this in step with the function. */
export const connectionReasons = [
  'First',
  'Idle',
  'ClosedByPeer',
  'Error',
  'Timeout',
  'Protocol',
  'Unused',
  'Shutdown',
] as const;

/** Why a connection was opened. */
export type ConnectionReason = (typeof connectionReasons)[number];

/**
 * Options that any producer function takes: those of `lambda.Function`, passed on, and some of our own. Where the network is concerned
 * the cluster decides.
 */
export interface ProducerFunctionOptions
  extends Omit<
    lambda.FunctionOptions,
    | 'allowAllIpv6Outbound'
    | 'allowAllOutbound'
    | 'logRemovalPolicy'
    | 'logRetention'
    | 'logRetentionRetryOptions'
    | 'logRetentionRole'
    | 'securityGroups'
    | 'vpc'
    | 'vpcSubnets'
  > {
  /**
   * Hands the name servers known at synth to the function, so that a cold start need not wait for SSM. The parameter is read later and
   * wins; a seed that has gone out of date costs the first invocations a failed connect.
   * @default false
   */
  readonly seedNameServers?: boolean;

  /**
   * How long logs are kept. Not used with a `logGroup` of your own.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetentionDays?: logs.RetentionDays;

  /**
   * What becomes of the logs when the stack is deleted. Not used with a `logGroup` of your own.
   * @default RemovalPolicy.RETAIN
   */
  readonly logGroupRemovalPolicy?: RemovalPolicy;

  /**
   * `service` in logs, and dimension of the metrics.
   * @default - the path of the construct
   */
  readonly serviceName?: string;

  /**
   * Namespace of the metrics.
   * @default 'RocketMqLambda'
   */
  readonly metricsNamespace?: string;
}

/** Properties of a producer function. */
export interface RocketMqProducerFunctionProps extends ProducerSettings, ProducerFunctionOptions {
  /** The cluster that messages go to. */
  readonly cluster: RocketMqCluster;

  /** Folder of `functions/` that has the handler, for example `sqs`. */
  readonly source: string;

  /**
   * The most sandboxes that the source of events makes Lambda run at the same time, for the connection budget of the cluster.
   * @default - only `reservedConcurrentExecutions` limits it
   */
  readonly maxSandboxes?: number;

  /**
   * Whether messages have sharding keys: those go to the broker of their queue, whatever `brokersPerSandbox` says.
   * @default false
   */
  readonly isKeyed?: boolean;
}

/**
 * A function of the pack, without its trigger: Node 24 on arm64, logs as JSON with an end, and a role that may read one parameter and
 * write its own logs. Give it events through one of the `…ToRocketMq` constructs.
 */
export class RocketMqProducerFunction extends Construct implements iam.IGrantable {
  /** The Lambda function. */
  readonly function: lambda.Function;
  /** The role under which the function runs. */
  readonly role: iam.IRole;
  /** Where the function's logs go. */
  readonly logGroup: logs.ILogGroupRef;
  /** Folder of `functions/` that has the handler. */
  readonly source: string;
  /** The time limit of an invocation. */
  readonly timeout: Duration;
  readonly grantPrincipal: iam.IPrincipal;
  readonly #metrics: { readonly namespace: string; readonly service: string };

  constructor(scope: Construct, id: string, given: RocketMqProducerFunctionProps) {
    super(scope, id);
    const props = checkedProps(this, given, ['cluster', ...functionProps]);
    const { serviceName = this.node.path, metricsNamespace = 'RocketMqLambda' } = props;
    const cluster = props.cluster ?? missingCluster(this);
    this.#metrics = { namespace: metricsNamespace, service: serviceName };
    this.source = props.source;
    this.timeout = props.timeout ?? Duration.seconds(30);

    const fromProps = producerEnvironment(props, {
      nameServerParameterName: cluster.nameServerParameterName,
      seed: props.seedNameServers === true ? cluster.nameServers : undefined,
      serviceName,
      metricsNamespace,
      security: cluster.securityEnvironment,
    });
    const environment = { ...defaultEnvironment, ...props.environment, ...fromProps };
    reportFaults(this, [
      ...settingsFaults(props, this.timeout, cluster.securityEnvironment.ROCKETMQ_NAMESPACE),
      ...environmentFaults(props.environment ?? {}, fromProps),
      ...strayVariableFaults(props.environment ?? {}, fromProps),
      ...environmentSizeFaults(environment),
      ...optionFaults(props, cluster),
      ...mappingFaults(props.mapping, props.source),
    ]);

    const hasKeys = props.isKeyed === true || props.mapping?.shardingKey !== undefined;
    const limits = [props.maxSandboxes, props.reservedConcurrentExecutions].filter((limit) => limit !== undefined);
    const known = limits.filter((limit) => areKnown(limit));
    cluster.countConnections(
      this,
      known.length === 0 ? limits[0] : Math.min(...known),
      // 0 is for all brokers.
      hasKeys || props.brokersPerSandbox === 0 ? undefined : props.brokersPerSandbox,
    );

    const isInVpc = cluster.network.vpc !== undefined;
    this.role =
      props.role ??
      new iam.Role(this, 'Role', {
        assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
        description: 'Reads the RocketMQ name servers and writes the logs of one function',
      });
    this.grantPrincipal = this.role.grantPrincipal;
    this.logGroup =
      props.logGroup ??
      new logs.LogGroup(this, 'Logs', {
        retention: props.logRetentionDays ?? logs.RetentionDays.ONE_MONTH,
        ...(props.logGroupRemovalPolicy !== undefined && { removalPolicy: props.logGroupRemovalPolicy }),
      });
    // Not `grantWrite`, which for an imported role lets its whole account in, by one of the ten resource policies that a Region has room for.
    iam.Grant.addToPrincipal({
      grantee: this.role,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resourceArns: [this.logGroup.logGroupRef.logGroupArn],
    });
    cluster.grantReadNameServers(this.role);
    cluster.grantReadSecurity(this.role);
    if (isInVpc) allowNetworkInterfaces(this.role);

    this.function = new lambda.Function(this, 'Function', {
      memorySize: 512,
      architecture: lambda.Architecture.ARM_64,
      loggingFormat: lambda.LoggingFormat.JSON,
      ...props,
      ...cluster.network,
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: functionCode(props.source),
      timeout: this.timeout,
      role: this.role,
      logGroup: this.logGroup,
      environment,
    });
    if (isInVpc) new NetworkInterfaceDenial(this, 'NetworkInterfaceDenial', { role: this.role, fn: this.function });
    this.#acknowledgeTracing(props.tracing);
  }

  /** Lets someone invoke the function. */
  grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return this.function.grantInvoke(grantee);
  }

  /** A metric that the function writes, by its name; a sum over five minutes unless options say otherwise. */
  metric(metricName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: this.#metrics.namespace,
      metricName,
      statistic: cloudwatch.Stats.SUM,
      ...options,
      dimensionsMap: { service: this.#metrics.service, ...options.dimensionsMap },
    });
  }

  /** Messages that a broker has stored. */
  metricSent(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('MessagesSent', options);
  }

  /** Messages that a broker has refused. */
  metricRefused(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('MessagesRefused', options);
  }

  /** Messages that were never written to a broker. */
  metricNotSent(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('MessagesNotSent', options);
  }

  /** Messages that were written and not answered: they may be stored, and may be stored again when their event is retried. */
  metricUnknown(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('MessagesUnknown', options);
  }

  /** Messages not known to be stored, whatever the reason. */
  metricFailed(options?: cloudwatch.MetricOptions): cloudwatch.MathExpression {
    return new cloudwatch.MathExpression({
      // FILL: a metric that was never written must not make the whole sum disappear.
      expression: 'FILL(refused, 0) + FILL(notSent, 0) + FILL(unknown, 0)',
      label: options?.label ?? 'MessagesFailed',
      period: options?.period ?? Duration.minutes(5),
      usingMetrics: {
        refused: this.metricRefused(options),
        notSent: this.metricNotSent(options),
        unknown: this.metricUnknown(options),
      },
    });
  }

  /** Messages that are stored, and may be stored twice, because an earlier attempt was not answered. */
  metricPossibleDuplicates(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PossibleDuplicates', options);
  }

  /** Sends that were tried, repeated ones included. */
  metricAttempts(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Attempts', options);
  }

  /** Milliseconds from the start of a send to its answer; the 99th percentile unless options say otherwise. */
  metricSendMs(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SendMs', { statistic: cloudwatch.Stats.percentile(99), ...options });
  }

  /** Invocations that started a new sandbox. */
  metricColdStarts(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ColdStart', options);
  }

  /** Invocations, by a metric of the function itself: its samples are counted, its sum is that of cold ones. */
  metricInvocations(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ColdStart', { statistic: cloudwatch.Stats.SAMPLE_COUNT, ...options });
  }

  /** Connections opened to name servers and brokers. */
  metricConnectionsOpened(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ConnectionsOpened', options);
  }

  /** Connections opened for one reason: the first to an address, or in place of one that was idle, closed by its peer, … */
  metricConnectionsOpenedFor(reason: ConnectionReason, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric(`ConnectionsOpened${reason}`, options);
  }

  /** Failed runs of due work: look-ups of name servers, routes, heartbeats. */
  metricDueWorkFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('DueWorkFailures', options);
  }

  /** Milliseconds since the name servers were last read from SSM; the maximum unless options say otherwise. */
  metricNameServerParameterAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('NameServerParameterAgeMs', { statistic: cloudwatch.Stats.MAXIMUM, ...options });
  }

  #acknowledgeTracing(tracing: lambda.Tracing | undefined): void {
    if (tracing !== undefined && tracing !== lambda.Tracing.DISABLED) {
      Validations.of(this.role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'X-Ray has no resources to name: its two actions can only be allowed on all.',
      });
    }
    if (tracing === lambda.Tracing.ACTIVE) return;
    Validations.of(this.function).acknowledge({
      id: 'Serverless-LambdaTracing',
      reason:
        'X-Ray costs money and rights on every resource, so it is a choice of the user (tracing); logs and metrics are always there.',
    });
  }
}

/** Stands for a cluster that was forgotten, which apps in JavaScript have no compiler to tell of. */
function missingCluster(fn: Construct): RocketMqCluster {
  const text = 'cluster is missing. Give the RocketMqCluster that messages go to.';
  reportFaults(fn, [{ id: 'cluster', text }]);
  return new RocketMqCluster(fn, 'MissingCluster', { nameServers: ['missing:9876'] });
}

function optionFaults(props: RocketMqProducerFunctionProps, cluster: RocketMqCluster): SynthFault[] {
  const faults: SynthFault[] = [];
  if (props.seedNameServers === true && cluster.nameServers === undefined) {
    const text =
      'seedNameServers needs addresses that are known at synth, but the cluster was given a nameServerParameter. Give the cluster nameServers, or leave seedNameServers out.';
    faults.push({ id: 'seed-name-servers', text });
  }
  if (props.logGroup !== undefined && (props.logRetentionDays ?? props.logGroupRemovalPolicy) !== undefined) {
    const text =
      'logRetentionDays and logGroupRemovalPolicy would have no effect: logGroup is given, and this construct does not change it. Set them where that log group is made.';
    faults.push({ id: 'log-group', text });
  }
  return faults;
}
