import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { ClusterSecurity } from './constructs/cluster-security.ts';
import { RocketMqCluster, type RocketMqClusterProps } from './constructs/rocketmq-cluster.ts';
import type { ProducerFunctionOptions } from './constructs/rocketmq-producer-function.ts';
import { SqsToRocketMq } from './constructs/sqs-to-rocketmq.ts';
import { reportWarning } from './constructs/synth-fault.ts';
import type { AppContext } from './context-keys.ts';

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

/** An SQS queue, the function that sends its messages to RocketMQ, and the cluster as both see it. */
export class RocketMqLambdaStack extends Stack {
  readonly cluster: RocketMqCluster;
  readonly sqsToRocketMq: SqsToRocketMq;

  constructor(scope: Construct, id: string, { settings = {}, ...props }: RocketMqLambdaStackProps = {}) {
    super(scope, id, { description: 'Events of AWS sources become Apache RocketMQ messages', ...props });
    this.cluster = new RocketMqCluster(this, 'Cluster', this.#clusterProps(settings));
    this.sqsToRocketMq = this.#sqsToRocketMq(settings);
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

  #sqsToRocketMq(settings: AppContext): SqsToRocketMq {
    const {
      topic = 'events',
      producerGroup = 'rocketmq-lambda',
      instanceName,
      unitName,
      queueArn,
      deduplicate,
    } = settings;
    const { fifo, maxReceiveCount, batchSize, maxConcurrency, deadLetterQueueArn, alarmTopicArn, removalPolicy } =
      settings;
    const { sendTimeoutMs, attemptTimeoutMs, deadlineReserveMs, visibilityTimeoutSeconds, maxBatchingWindowSeconds } =
      settings;
    return new SqsToRocketMq(this, 'SqsToRocketMq', {
      cluster: this.cluster,
      topic,
      producerGroup,
      ...(sendTimeoutMs !== undefined && { sendTimeout: Duration.millis(sendTimeoutMs) }),
      ...(attemptTimeoutMs !== undefined && { attemptTimeout: Duration.millis(attemptTimeoutMs) }),
      ...(deadlineReserveMs !== undefined && { deadlineReserve: Duration.millis(deadlineReserveMs) }),
      ...(instanceName !== undefined && { instanceName }),
      ...(unitName !== undefined && { unitName }),
      ...(deduplicate !== undefined && { deduplicate }),
      ...(queueArn !== undefined && { existingQueue: sqs.Queue.fromQueueArn(this, 'Queue', queueArn) }),
      ...(deadLetterQueueArn !== undefined && {
        deadLetterQueue: sqs.Queue.fromQueueArn(this, 'DeadLetterQueue', deadLetterQueueArn),
      }),
      ...(fifo !== undefined && { fifo }),
      ...(visibilityTimeoutSeconds !== undefined && { visibilityTimeout: Duration.seconds(visibilityTimeoutSeconds) }),
      ...(maxReceiveCount !== undefined && { maxReceiveCount }),
      ...(batchSize !== undefined && { batchSize }),
      ...(maxBatchingWindowSeconds !== undefined && { maxBatchingWindow: Duration.seconds(maxBatchingWindowSeconds) }),
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      ...(queueArn === undefined && removalPolicy !== undefined && { removalPolicy: removalPolicies[removalPolicy] }),
      ...(alarmTopicArn !== undefined && {
        alarmActions: [new SnsAction(sns.Topic.fromTopicArn(this, 'AlarmTopic', alarmTopicArn))],
      }),
      functionOptions: functionOptions(settings),
    });
  }

  #writeOutputs(): void {
    const { producerFunction: producer, queue, deadLetterQueue } = this.sqsToRocketMq;
    const output = (id: string, description: string, value: string) => new CfnOutput(this, id, { description, value });
    output('FunctionName', 'Name of the function that sends', producer.function.functionName);
    output('FunctionArn', 'ARN of the function that sends', producer.function.functionArn);
    output('QueueUrl', 'Messages put here go to RocketMQ', queue.queueUrl);
    if (deadLetterQueue !== undefined)
      output('DeadLetterQueueUrl', 'Messages that could not be sent', deadLetterQueue.queueUrl);
    output(
      'NameServerParameterName',
      'SSM parameter with the name servers',
      this.cluster.nameServerParameter.parameterName,
    );
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
