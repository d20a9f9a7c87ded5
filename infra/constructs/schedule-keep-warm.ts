import { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { checkedProps, sourceProps } from './checked-props.ts';
import { alarmOnFunctionErrors } from './delivery-alarms.ts';
import { keepWarmEvents, synchronousSources } from './keep-warm-events.ts';
import { type ProducerSettings, producerSettings } from './producer-environment.ts';
import type { RocketMqCluster } from './rocketmq-cluster.ts';
import { type ProducerFunctionOptions, RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import {
  acknowledgeEmptyEvents,
  acknowledgeNoDestination,
  invokeConfigOf,
  periodFaults,
  ScheduledInvocation,
  type ScheduledTarget,
} from './scheduled-invocation.ts';
import { reportFaults, reportWarning, type SynthFault } from './synth-fault.ts';

/** Properties of a schedule that keeps functions warm. */
export interface ScheduleKeepWarmProps extends ProducerSettings {
  /** The cluster that is looked at. */
  readonly cluster: RocketMqCluster;

  /**
   * Functions to keep warm, in this stack or another. Each gets an event of its own source without records: its due work is done, and
   * nothing is sent. Lambda invokes it asynchronously. Where it invokes the function so with nothing else (SQS, streams, Kafka, HTTP), an
   * event that failed is not repeated. That of SNS, EventBridge, S3 and direct calls fares like their own: tried again, and put where
   * those end that could not be delivered.
   * @default - none; the cluster is looked at all the same
   */
  readonly producers?: readonly RocketMqProducerFunction[];

  /**
   * Time between two events. Brokers and name servers close what has been idle for 120 seconds, so connections live on with 1 minute.
   * @default Duration.minutes(1)
   */
  readonly period?: Duration;

  /**
   * Options of the function that looks at the cluster.
   * @default - those of `RocketMqProducerFunction`
   */
  readonly functionOptions?: ProducerFunctionOptions;

  /**
   * What happens when an alarm goes off.
   * @default - nothing; the alarm exists
   */
  readonly alarmActions?: readonly cloudwatch.IAlarmAction[];
}

/** One that failed is not repeated: the next event comes in its place. */
const onceOnly = { retryAttempts: 0, maxEventAge: Duration.minutes(1) } as const;

/** Above this, a connection is closed between two events, and each event opens another. */
const longestBetweenUses = Duration.seconds(100);

/**
 * Looks at the cluster by the clock and keeps functions warm. Its own function reads the name-server parameter and fails, with an
 * alarm, when no name server is known or due work fails: that shows before the next event does. Each of the `producers` does its due
 * work in the sandbox that the event finds.
 *
 * **One sandbox of each function** is kept warm, the one that happens to take the event.
 */
export class ScheduleKeepWarm extends Construct {
  /** The function that looks at the cluster. */
  readonly producerFunction: RocketMqProducerFunction;
  /** The schedules: the first is that of `producerFunction`, the others those of `producers`, in their order. */
  readonly schedules: readonly scheduler.Schedule[];
  /** Goes off when name servers cannot be found, or due work fails. */
  readonly functionErrorAlarm: cloudwatch.Alarm;
  /** All of them. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, given: ScheduleKeepWarmProps) {
    super(scope, id);
    const props = checkedProps(this, given, [...sourceProps, 'period', 'producers']);
    const { producers = [], period = Duration.minutes(1), functionOptions = {}, alarmActions = [] } = props;
    this.producerFunction = new RocketMqProducerFunction(this, 'Producer', {
      ...onceOnly,
      ...functionOptions,
      ...producerSettings(props),
      cluster: props.cluster,
      source: 'schedule',
      maxSandboxes: 1,
    });
    const faults = [...periodFaults('keep-warm-period', period), ...producers.flatMap(sourceFaults)];
    reportFaults(this, faults);
    const isKnown = faults.length === 0 && !period.isUnresolved();
    if (isKnown && period.toMilliseconds() > longestBetweenUses.toMilliseconds()) {
      reportWarning(this, idleConnections(period));
    }
    const targets = [this.producerFunction, ...producers].map(
      ({ function: fn, source }): ScheduledTarget => ({ fn, event: keepWarmEvents[source] ?? {} }),
    );
    for (const producer of producers) doNotRepeat(producer);
    const { schedules } = new ScheduledInvocation(this, 'Clock', {
      // The CDK throws for some of what has been reported above, and would hide the rest of it.
      schedule: scheduler.ScheduleExpression.rate(faults.length === 0 ? period : Duration.minutes(1)),
      description: 'Due work without messages: keeps functions that send to RocketMQ warm',
      targets,
    });
    this.schedules = schedules;
    this.functionErrorAlarm = alarmOnFunctionErrors(this, this.producerFunction.function);
    this.functionErrorAlarm.addAlarmAction(...alarmActions);
    this.alarms = [this.functionErrorAlarm];
    acknowledgeEmptyEvents(this.producerFunction.function, functionOptions);
  }
}

function sourceFaults({ source, node }: RocketMqProducerFunction): SynthFault[] {
  if (keepWarmEvents[source] !== undefined) return [];
  const text = `${node.path} cannot be kept warm: the function "${source}" understands no event without records. Leave it out of producers; those of ${Object.keys(keepWarmEvents).join(', ')} can be.`;
  return [{ id: 'keep-warm-source', text }];
}

/**
 * Has Lambda drop an event that failed, in place of trying it twice more: the next one comes. Where other events are asynchronous too, or
 * the user has said something, that goes for all of them, and is left.
 */
function doNotRepeat({ function: fn, source }: RocketMqProducerFunction): void {
  if (invokeConfigOf(fn) !== undefined || !synchronousSources.has(source)) return;
  fn.configureAsyncInvoke(onceOnly);
  acknowledgeNoDestination(fn);
}

function idleConnections(period: Duration): SynthFault {
  return {
    id: 'keep-warm-idle-connections',
    text: `The period is ${period.toSeconds()} s: sandboxes stay, but servers close connections that are idle for 120 s, so each event opens new ones. Make it 1 minute to keep them.`,
  };
}
