import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { RocketMqEventSourceProps } from './rocketmq-event-source.ts';

/** What is alike for sources that Lambda reads in order: Kinesis, DynamoDB Streams, Kafka. */
export interface StreamSourceProps extends RocketMqEventSourceProps {
  /**
   * The most records one invocation gets: 1 to 10,000.
   * @default 100
   */
  readonly batchSize?: number;

  /**
   * How long Lambda may wait to fill a batch, in whole seconds up to 5 minutes.
   * @default - it does not wait; half a second for Kafka
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * Where reading begins when nothing was read yet.
   * @default StartingPosition.TRIM_HORIZON
   */
  readonly startingPosition?: lambda.StartingPosition;

  /**
   * The time from which to read, in Unix seconds, with `AT_TIMESTAMP`.
   * @default - none
   */
  readonly startingPositionTimestamp?: number;

  /**
   * How often Lambda tries a batch again: 0 to 10,000, or -1 for no limit (not for Kafka). A record that fails holds up those behind it until it is
   * stored or given up, so a small number keeps a stream moving past poison, and gives up sooner when the cluster is down.
   * @default - no limit, `maxRecordAge` ends the tries; 10000 for Kafka, the most that Lambda allows there
   */
  readonly retryAttempts?: number;

  /**
   * The age at which a record is given up: 1 minute to 7 days. **Lambda hands no older one to the function, tried or not**: to read what a
   * stream or topic has had for longer, make it longer.
   * @default Duration.hours(6)
   */
  readonly maxRecordAge?: Duration;

  /**
   * Whether a batch that fails is tried again in halves, split at the first record that the function reported.
   * @default true
   */
  readonly bisectBatchOnError?: boolean;

  /**
   * A standard queue that exists, for what was given up. Lambda puts a note into it that says where in the stream the records are, **not the
   * records**: they must be fetched there before they expire.
   * @default - one is created, unless `onFailure` is given
   */
  readonly deadLetterQueue?: sqs.IQueue;

  /**
   * Another destination for what was given up, in place of a queue; no alarm watches it. An `S3OnFailureDestination` gets the records
   * themselves.
   * @default - the dead-letter queue
   */
  readonly onFailure?: lambda.IEventSourceDlq;

  /**
   * Which records the function gets. Lambda passes over what no filter matches.
   * @default - all
   */
  readonly filters?: readonly ReturnType<typeof lambda.FilterCriteria.filter>[];

  /**
   * Anything else about the mapping.
   * @default - enabled, with metrics as Lambda has them
   */
  readonly mappingOptions?: Pick<lambda.EventSourceMappingOptions, 'enabled' | 'filterEncryption' | 'metricsConfig'>;

  /**
   * What becomes of created resources that hold data when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
