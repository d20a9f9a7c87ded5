import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { asyncInvokeFaults, longestEventAge, mostRetries } from './async-invoke-faults.ts';
import { checkedProps, sourceProps } from './checked-props.ts';
import { createDeadLetterQueue, deadLetterQueueFaults } from './dead-letter-queue.ts';
import {
  alarmOnDeadLetters,
  alarmOnFunctionErrors,
  alarmOnLostEvents,
  alarmOnLostHandover,
} from './delivery-alarms.ts';
import { producerSettings } from './producer-environment.ts';
import { regionFaults } from './region-faults.ts';
import type { RocketMqEventSource, RocketMqEventSourceProps } from './rocketmq-event-source.ts';
import { RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { reportFaults } from './synth-fault.ts';

/** What is alike for sources that hand an event to Lambda and leave the rest to it: SNS, EventBridge, S3. */
export interface AsyncSourceProps extends RocketMqEventSourceProps {
  /**
   * A standard queue that exists, for events that could not be delivered. Those that failed in the function lie in it with the error, as
   * `requestPayload` of Lambda's own record of the invocation.
   * @default - one is created
   */
  readonly deadLetterQueue?: sqs.IQueue;

  /**
   * What becomes of the created dead-letter queue, and the events in it, when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The part that SNS, EventBridge and S3 share: a function that Lambda invokes again when it fails, twice and for six hours unless
 * `retryAttempts` and `maxEventAge` of `functionOptions` say otherwise, and a queue for what fails even so (or what `onFailure` of
 * `functionOptions` names). Its children are those of the construct that extends it.
 */
export abstract class AsyncSource extends Construct implements RocketMqEventSource {
  /** The function that sends. */
  readonly producerFunction: RocketMqProducerFunction;
  /** Where events end that could not be delivered. */
  readonly deadLetterQueue: sqs.IQueue;
  /** Goes off when the function failed: each failed try of an event counts. */
  readonly functionErrorAlarm: cloudwatch.Alarm;
  /** Goes off while events lie in the dead-letter queue. */
  readonly deadLetterAlarm: cloudwatch.Alarm;
  /** Goes off when an event could not be put into its failure destination. */
  readonly lostEventAlarm: cloudwatch.Alarm;
  readonly #alarmActions: readonly cloudwatch.IAlarmAction[];
  #lostHandoverAlarm: cloudwatch.Alarm | undefined;

  /** @param source folder of `functions/` that has the handler */
  constructor(scope: Construct, id: string, given: AsyncSourceProps, source: string) {
    super(scope, id);
    const props = checkedProps(this, given, [...sourceProps, 'deadLetterQueue']);
    const { functionOptions = {}, alarmActions = [], removalPolicy = RemovalPolicy.RETAIN } = props;
    const { maxEventAge = longestEventAge, retryAttempts = mostRetries, ...otherOptions } = functionOptions;
    this.deadLetterQueue = props.deadLetterQueue ?? createDeadLetterQueue(this, 'DeadLetters', { removalPolicy });
    const faults = asyncInvokeFaults({ maxEventAge, retryAttempts, functionTimeout: otherOptions.timeout });
    this.producerFunction = new RocketMqProducerFunction(this, 'Producer', {
      onFailure: new SqsDestination(this.deadLetterQueue),
      ...otherOptions,
      // The CDK throws for what has been reported as a fault, and would hide the rest.
      ...(faults.length === 0 && { maxEventAge, retryAttempts }),
      ...producerSettings(props),
      cluster: props.cluster,
      source,
    });
    reportFaults(this, [
      ...faults,
      ...deadLetterQueueFaults(props.deadLetterQueue),
      ...regionFaults(this, { deadLetterQueue: props.deadLetterQueue }),
    ]);

    this.functionErrorAlarm = alarmOnFunctionErrors(this, this.producerFunction.function);
    this.deadLetterAlarm = alarmOnDeadLetters(this, this.deadLetterQueue);
    this.lostEventAlarm = alarmOnLostEvents(this, this.producerFunction.function);
    this.#alarmActions = alarmActions;
    for (const alarm of this.alarms) alarm.addAlarmAction(...alarmActions);
    Validations.of(this.producerFunction.function).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason:
        'A failure destination takes what the function could not deliver, with the error, which a dead-letter queue of the function would not tell.',
    });
  }

  /** Goes off when an event that Lambda did not take could not be put into the dead-letter queue; nothing where no service tells. */
  get lostHandoverAlarm(): cloudwatch.Alarm | undefined {
    return this.#lostHandoverAlarm;
  }

  get alarms(): readonly cloudwatch.Alarm[] {
    const always = [this.functionErrorAlarm, this.deadLetterAlarm, this.lostEventAlarm];
    return this.#lostHandoverAlarm === undefined ? always : [...always, this.#lostHandoverAlarm];
  }

  /** Time that events waited until Lambda invoked the function, retries included, in milliseconds. */
  metricLag(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.producerFunction.function.metric('AsyncEventAge', {
      statistic: cloudwatch.Stats.MAXIMUM,
      period: Duration.minutes(5),
      label: `${this.node.id}: age of asynchronous events (ms)`,
      ...options,
    });
  }

  /** Has an alarm watch what the service before Lambda could not put into the dead-letter queue. */
  protected watchHandover(metric: cloudwatch.Metric): void {
    this.#lostHandoverAlarm = alarmOnLostHandover(this, metric);
    this.#lostHandoverAlarm.addAlarmAction(...this.#alarmActions);
  }
}
