import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { RocketMqProducerFunction } from './rocketmq-producer-function.ts';

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
