import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { checkedProps, sourceProps } from './checked-props.ts';
import { createDeadLetterQueue, deadLetterQueueFaults } from './dead-letter-queue.ts';
import { alarmOnDeadLetters, alarmOnFunctionErrors, alarmOnLag, alarmOnLostEvents } from './delivery-alarms.ts';
import { kafkaDestinationFaults, kafkaDestinationOf } from './kafka-destination.ts';
import { producerSettings } from './producer-environment.ts';
import { regionFaults } from './region-faults.ts';
import type { RocketMqEventSource } from './rocketmq-event-source.ts';
import { RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { mostRetries, type StreamMapping, streamMappingFaults } from './stream-mapping-faults.ts';
import type { StreamSourceProps } from './stream-source-props.ts';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** What the construct of one source adds to the props of all. */
export interface StreamKind {
  readonly source: StreamMapping['source'];
  /** The most sandboxes that Lambda reads with; nothing when nobody knows. */
  readonly maxSandboxes: number | undefined;
  /** Name of the metric that tells the lag, in namespace `AWS/Lambda`, and what it counts. */
  readonly lag: { readonly metricName: string; readonly label: string; readonly threshold: number };
}

/** The lag of a stream is the age of the last record read. Five minutes of it, for three periods on end, are no burst any more. */
export function iteratorAge(source: string): StreamKind['lag'] {
  return { metricName: 'IteratorAge', label: `${source}: age of the last record read (ms)`, threshold: 300_000 };
}

const streamProps = [
  ...sourceProps,
  'deadLetterQueue',
  'filters',
  'maxBatchingWindow',
  'maxRecordAge',
  'onFailure',
] as const;

/** What is read, and how, beside what the props of all sources say. */
export interface StreamToRead {
  /** How long the stream keeps records; nothing when that is not known. */
  readonly retention?: Duration | undefined;
  /** Options of the mapping that only this source has. */
  readonly options: Omit<lambda.EventSourceMappingOptions, keyof StreamSourceProps>;
  /** Batches of one shard at the same time. */
  readonly parallelizationFactor?: number;
  /** Faults that were found already: the mapping then is made without what the CDK could stumble over. */
  readonly faults?: readonly SynthFault[];
}

/**
 * The part that Kinesis, DynamoDB Streams and Kafka share: a function, the mapping that makes Lambda read for it, and what becomes of
 * records that nothing helps. Its children are those of the construct that extends it.
 */
export abstract class StreamSource extends Construct implements RocketMqEventSource {
  readonly producerFunction: RocketMqProducerFunction;
  /** Where notes of records end that were given up; nothing when `onFailure` names another destination. */
  readonly deadLetterQueue: sqs.IQueue | undefined;
  /** Goes off when the function as a whole failed: a crash, a time limit, or settings that do not work. */
  readonly functionErrorAlarm: cloudwatch.Alarm;
  /** Goes off while something lies in the dead-letter queue. */
  readonly deadLetterAlarm: cloudwatch.Alarm | undefined;
  /** Goes off when what was given up could not be put into its destination. */
  readonly lostEventAlarm: cloudwatch.Alarm;
  /** Goes off when delivery lags behind for a quarter of an hour. */
  readonly lagAlarm: cloudwatch.Alarm;
  readonly alarms: readonly cloudwatch.Alarm[];
  readonly #props: StreamSourceProps;
  readonly #kind: StreamKind;

  constructor(scope: Construct, id: string, given: StreamSourceProps, kind: StreamKind) {
    super(scope, id);
    const props = checkedProps(this, given, streamProps);
    this.#props = props;
    this.#kind = kind;
    const { functionOptions = {}, alarmActions = [], removalPolicy = RemovalPolicy.RETAIN } = props;
    this.producerFunction = new RocketMqProducerFunction(this, 'Producer', {
      ...functionOptions,
      ...producerSettings(props),
      cluster: props.cluster,
      source: kind.source,
      isKeyed: true,
      ...(kind.maxSandboxes !== undefined && { maxSandboxes: kind.maxSandboxes }),
    });
    const isQueue = props.onFailure === undefined || props.deadLetterQueue !== undefined;
    this.deadLetterQueue =
      props.deadLetterQueue ?? (isQueue ? createDeadLetterQueue(this, 'DeadLetters', { removalPolicy }) : undefined);

    const fn = this.producerFunction.function;
    this.functionErrorAlarm = alarmOnFunctionErrors(this, fn);
    this.deadLetterAlarm = this.deadLetterQueue && alarmOnDeadLetters(this, this.deadLetterQueue);
    this.lostEventAlarm = alarmOnLostEvents(this, fn);
    this.lagAlarm = alarmOnLag(this, this.#lag(), kind.lag.threshold);
    this.alarms = [this.functionErrorAlarm, this.deadLetterAlarm, this.lostEventAlarm, this.lagAlarm].filter(
      (alarm) => alarm !== undefined,
    );
    for (const alarm of this.alarms) alarm.addAlarmAction(...alarmActions);
    Validations.of(fn).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason:
        'A dead-letter queue of the function takes asynchronous events only. Records that are given up are put into the failure destination of the mapping.',
    });
  }

  /** How far reading lags behind: the age of the last record read, in milliseconds; for Kafka the number of records not read. */
  metricLag(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.#lag({ label: this.#kind.lag.label, ...options });
  }

  // An alarm of a metric with a label is another kind of alarm in the template, for no gain.
  #lag(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.producerFunction.function.metric(this.#kind.lag.metricName, {
      statistic: cloudwatch.Stats.MAXIMUM,
      period: Duration.minutes(5),
      ...options,
    });
  }

  /** Makes Lambda read, and reports everything that is wrong with how. Called once, when the function may read. */
  protected read({
    retention,
    options,
    parallelizationFactor = 1,
    faults = [],
  }: StreamToRead): lambda.EventSourceMapping {
    const { maxBatchingWindow, startingPositionTimestamp, filters, mappingOptions } = this.#props;
    const { batchSize = 100, startingPosition = lambda.StartingPosition.TRIM_HORIZON } = this.#props;
    const { maxRecordAge = Duration.hours(6), bisectBatchOnError = true } = this.#props;
    // In an outage an invocation may fail within milliseconds: no number of tries lasts as long as the age.
    const { retryAttempts = this.#kind.source === 'kafka' ? mostRetries : -1 } = this.#props;
    const found = streamMappingFaults({
      source: this.#kind.source,
      batchSize,
      maxBatchingWindow,
      startingPosition,
      startingPositionTimestamp,
      retryAttempts,
      maxRecordAge,
      retention,
      parallelizationFactor,
      functionTimeout: this.producerFunction.timeout,
    });
    reportFaults(this, [
      ...faults,
      ...found,
      ...destinationFaults(this.#props),
      ...deadLetterQueueFaults(this.#props.deadLetterQueue),
      ...regionFaults(this, { deadLetterQueue: this.#props.deadLetterQueue }),
    ]);
    const mapping = new lambda.EventSourceMapping(this, 'Mapping', {
      ...mappingOptions,
      ...options,
      target: this.producerFunction.function,
      // Without it, Lambda would take every answer of the function for success, and lose what failed.
      reportBatchItemFailures: true,
      bisectBatchOnError,
      onFailure: this.#destination(),
      supportS3OnFailureDestination: true,
      ...(filters !== undefined && { filters: [...filters] }),
      // The CDK throws for some of what has been reported above, and would hide the rest of it.
      ...(found.length === 0 && {
        batchSize,
        startingPosition,
        retryAttempts,
        maxRecordAge,
        ...(maxBatchingWindow !== undefined && { maxBatchingWindow }),
        ...(startingPositionTimestamp !== undefined && { startingPositionTimestamp }),
        ...(this.#kind.source !== 'kafka' && { parallelizationFactor }),
      }),
    });
    if (this.#kind.source !== 'kafka')
      reportFaults(this, kafkaDestinationFaults(kafkaDestinationOf(mapping), undefined));
    return mapping;
  }

  #destination(): lambda.IEventSourceDlq {
    const { onFailure } = this.#props;
    if (this.deadLetterQueue !== undefined) return new SqsDlq(this.deadLetterQueue);
    if (onFailure !== undefined) return onFailure;
    throw new Error('There is neither a dead-letter queue nor another destination.');
  }
}

function destinationFaults({ deadLetterQueue, onFailure }: StreamSourceProps): SynthFault[] {
  if (deadLetterQueue === undefined || onFailure === undefined) return [];
  const text =
    'Both deadLetterQueue and onFailure are given, but a mapping has one destination. Keep the one that records are to end in.';
  return [{ id: 'on-failure', text }];
}
