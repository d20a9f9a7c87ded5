import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { ProducerSettings } from './producer-environment.ts';
import type { RocketMqCluster } from './rocketmq-cluster.ts';
import type { ProducerFunctionOptions, RocketMqProducerFunction } from './rocketmq-producer-function.ts';

/** What every `…ToRocketMq` construct is given. */
export interface RocketMqEventSourceProps extends ProducerSettings {
  /** The cluster that messages go to. */
  readonly cluster: RocketMqCluster;

  /**
   * Options of the function.
   * @default - those of `RocketMqProducerFunction`
   */
  readonly functionOptions?: ProducerFunctionOptions;

  /**
   * What happens when an alarm goes off.
   * @default - nothing; the alarms exist
   */
  readonly alarmActions?: readonly cloudwatch.IAlarmAction[];
}

/** What every `…ToRocketMq` construct is to a dashboard, an alarm or an app: a function that sends, and how far it lags behind. */
export interface RocketMqEventSource extends IConstruct {
  /** The function that sends. */
  readonly producerFunction: RocketMqProducerFunction;

  /** Where events end that cannot be delivered; nothing where there is no such queue, or none is known. */
  readonly deadLetterQueue: sqs.IQueue | undefined;

  /** Every alarm of this source. */
  readonly alarms: readonly cloudwatch.Alarm[];

  /**
   * How far delivery lags behind the source, the maximum over five minutes unless options say otherwise. The label names the unit;
   * nothing for a source that waits for its answer, and so has no lag.
   */
  metricLag(options?: cloudwatch.MetricOptions): cloudwatch.Metric | undefined;
}
