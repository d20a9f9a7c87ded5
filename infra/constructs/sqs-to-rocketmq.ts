import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkedProps, sourceProps } from './checked-props.ts';
import { alarmOnDeadLetters, alarmOnFunctionErrors } from './delivery-alarms.ts';
import { producerSettings } from './producer-environment.ts';
import {
  existingDeadLetterQueue,
  type QueueChoice,
  queueChoiceFaults,
  receiveCountFaults,
  uncheckedVisibility,
  unknownDeadLetterQueue,
} from './queue-choice.ts';
import { regionFaults } from './region-faults.ts';
import type { RocketMqEventSource, RocketMqEventSourceProps } from './rocketmq-event-source.ts';
import { RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { SourceQueue, visibilityTimeoutOf } from './source-queue.ts';
import { neededVisibility, sqsMappingFaults, unknownVisibilityFaults } from './sqs-mapping-faults.ts';
import { reportFaults, reportWarning } from './synth-fault.ts';

/** Properties of a way from an SQS queue to a RocketMQ topic. */
export interface SqsToRocketMqProps extends RocketMqEventSourceProps, QueueChoice {
  /**
   * The most messages one invocation gets: up to 10,000, and 10 for FIFO. Above 10 a `maxBatchingWindow` is needed.
   * @default 10
   */
  readonly batchSize?: number;

  /**
   * How long Lambda may wait to fill a batch, in whole seconds up to 5 minutes. Not for FIFO.
   * @default - it does not wait
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * The most sandboxes that send at the same time, from 2 to 1000. Each one opens a connection to every broker it uses.
   * @default 10
   */
  readonly maxConcurrency?: number;

  /**
   * Which messages the function gets. **SQS deletes what no filter matches.**
   * @default - all
   */
  readonly filters?: readonly ReturnType<typeof lambda.FilterCriteria.filter>[];
}

const ownProps = [
  ...sourceProps,
  'deadLetterQueue',
  'existingQueue',
  'filters',
  'maxBatchingWindow',
  'queueOptions',
  'visibilityTimeout',
] as const;

/**
 * Messages of an SQS queue become messages of a RocketMQ topic. What fails is reported message by message, delivered again by SQS, and
 * ends in a dead-letter queue when nothing helps.
 */
export class SqsToRocketMq extends Construct implements RocketMqEventSource {
  /** The queue that is read. */
  readonly queue: sqs.IQueue;
  /** Where undeliverable messages end; nothing when an existing queue was given without it. */
  readonly deadLetterQueue: sqs.IQueue | undefined;
  /** The function that sends. */
  readonly producerFunction: RocketMqProducerFunction;
  /** What makes Lambda read the queue. */
  readonly eventSourceMapping: lambda.EventSourceMapping;
  /** Goes off while messages lie in the dead-letter queue; nothing when there is none to watch. */
  readonly deadLetterAlarm: cloudwatch.Alarm | undefined;
  /** Goes off when the function as a whole failed: a crash, a time limit, or settings that do not work. */
  readonly functionErrorAlarm: cloudwatch.Alarm;
  /** Every alarm of this source. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, given: SqsToRocketMqProps) {
    super(scope, id);
    const props = checkedProps(this, given, ownProps);
    const { functionOptions = {}, batchSize = 10, maxConcurrency = 10, maxBatchingWindow } = props;
    this.producerFunction = new RocketMqProducerFunction(this, 'Producer', {
      ...functionOptions,
      ...producerSettings(props),
      cluster: props.cluster,
      source: 'sqs',
      maxSandboxes: maxConcurrency,
      isKeyed: props.existingQueue?.fifo ?? props.fifo ?? false,
    });
    const { queue, deadLetterQueue } =
      props.existingQueue === undefined
        ? this.#createSource(props)
        : { queue: props.existingQueue, deadLetterQueue: existingDeadLetterQueue(props) };
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;

    const visibilityTimeout = visibilityTimeoutOf(queue) ?? props.visibilityTimeout;
    const faults = sqsMappingFaults({
      fifo: queue.fifo,
      batchSize,
      maxConcurrency,
      maxBatchingWindow,
      functionTimeout: this.producerFunction.timeout,
      visibilityTimeout,
      reservedConcurrency: functionOptions.reservedConcurrentExecutions,
    });
    reportFaults(this, [
      ...queueChoiceFaults(props),
      ...faults,
      ...regionFaults(this, { existingQueue: props.existingQueue, deadLetterQueue: props.deadLetterQueue }),
    ]);
    if (visibilityTimeout === undefined && props.existingQueue !== undefined) reportWarning(this, uncheckedVisibility);
    if (deadLetterQueue === undefined) reportWarning(this, unknownDeadLetterQueue);

    queue.grantConsumeMessages(this.producerFunction);
    this.eventSourceMapping = new lambda.EventSourceMapping(this, 'Mapping', {
      target: this.producerFunction.function,
      eventSourceArn: queue.queueArn,
      reportBatchItemFailures: true,
      ...(props.filters !== undefined && { filters: [...props.filters] }),
      // The CDK throws for some of what has been reported above, and would hide the rest of it.
      ...(faults.length === 0 && { batchSize, maxConcurrency }),
      ...(faults.length === 0 && maxBatchingWindow !== undefined && { maxBatchingWindow }),
    });

    this.functionErrorAlarm = alarmOnFunctionErrors(this, this.producerFunction.function);
    this.deadLetterAlarm = deadLetterQueue && alarmOnDeadLetters(this, deadLetterQueue);
    this.alarms = [this.functionErrorAlarm, this.deadLetterAlarm].filter((alarm) => alarm !== undefined);
    for (const alarm of this.alarms) alarm.addAlarmAction(...(props.alarmActions ?? []));
    this.#acknowledge();
  }

  /** Lets someone put messages into the queue. */
  grantSendMessages(grantee: iam.IGrantable): iam.Grant {
    return this.queue.grantSendMessages(grantee);
  }

  /** Age of the oldest message in the queue, in seconds. */
  metricLag(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.queue.metricApproximateAgeOfOldestMessage({
      statistic: cloudwatch.Stats.MAXIMUM,
      period: Duration.minutes(5),
      label: 'SQS: age of the oldest message (s)',
      ...options,
    });
  }

  #createSource(props: SqsToRocketMqProps): SourceQueue {
    const { timeout } = this.producerFunction;
    const { maxBatchingWindow } = props;
    const unknown = unknownVisibilityFaults(props.visibilityTimeout, timeout, maxBatchingWindow);
    reportFaults(this, unknown);
    // The CDK throws for one that will be reported, and would hide the rest of it.
    const { maxReceiveCount = 5 } = receiveCountFaults(props).length === 0 ? props : {};
    return new SourceQueue(this, 'Source', {
      fifo: props.fifo ?? false,
      visibilityTimeout:
        props.visibilityTimeout ?? (unknown.length === 0 ? neededVisibility(timeout, maxBatchingWindow) : timeout),
      maxReceiveCount,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      ...(props.deadLetterQueue !== undefined && { deadLetterQueue: props.deadLetterQueue }),
      options: props.queueOptions ?? {},
    });
  }

  #acknowledge(): void {
    Validations.of(this.producerFunction.function).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason:
        'A dead-letter queue of the function takes asynchronous events only. SQS keeps what failed, and moves it to the dead-letter queue of the queue.',
    });
    Validations.of(this.eventSourceMapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason:
        'A mapping of SQS has no failure destination: what failed goes back to the queue, whose redrive policy says where it ends.',
    });
  }
}
