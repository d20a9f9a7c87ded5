import type { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { RocketMqEventSource, RocketMqEventSourceProps } from '../constructs/rocketmq-event-source.ts';
import type { RocketMqProducerFunction } from '../constructs/rocketmq-producer-function.ts';
import type { TransactionChecker } from '../constructs/transaction-checker.ts';
import type { AppContext } from '../context-keys.ts';

/** What a source of the app is made in and from. */
export interface AppSourceScope {
  readonly stack: Stack;
  readonly settings: AppContext;
  /** Props that every source gets. */
  readonly shared: RocketMqEventSourceProps;
  /** What becomes of created things that hold data; nothing for the default of the construct. */
  readonly removal: { readonly removalPolicy?: RemovalPolicy };
  /** The sources that were made before this one. */
  readonly earlier: readonly RocketMqEventSource[];
}

/** What became of it. */
export interface MadeSource {
  /** The construct, for dashboards and schedules; nothing when it is no source of events. */
  readonly source?: RocketMqEventSource;
  readonly producerFunction: RocketMqProducerFunction;
  /** The construct, when it is a checker of transactions. */
  readonly checker?: TransactionChecker;
  /** What people need to use it, by the name of the output: description and value. */
  readonly outputs: Readonly<Record<string, readonly [description: string, value: string]>>;
}

/** Makes one source of the app. */
export type AppSource = (scope: AppSourceScope) => MadeSource;

/** What was made of a source of events, with its dead-letter queue among the outputs. */
export function madeOf(source: RocketMqEventSource, outputs: MadeSource['outputs']): MadeSource {
  const { producerFunction, deadLetterQueue } = source;
  return {
    source,
    producerFunction,
    outputs: {
      ...outputs,
      ...(deadLetterQueue !== undefined && {
        DeadLetterQueueUrl: ['What could not be delivered', deadLetterQueue.queueUrl],
      }),
    },
  };
}
