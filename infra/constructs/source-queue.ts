import { Duration, type RemovalPolicy, Token } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { createDeadLetterQueue, type DeadLetterQueueProps } from './dead-letter-queue.ts';

/** What may be chosen about a created queue beyond the props of the construct that creates it. */
export type SourceQueueOptions = Omit<
  sqs.QueueProps,
  'deadLetterQueue' | 'fifo' | 'removalPolicy' | 'visibilityTimeout'
>;

/** Properties of the queue that events arrive in. */
export interface SourceQueueProps {
  /** Whether messages of one group stay in order. Goes for both queues. */
  readonly fifo: boolean;
  /** How long a received message is hidden. */
  readonly visibilityTimeout: Duration;
  /** Deliveries before a message goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** What becomes of the created queues when the stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  /**
   * A dead-letter queue that exists.
   * @default - one is created
   */
  readonly deadLetterQueue?: sqs.IQueue;
  /** The rest, for the queue itself; its encryption goes for a created dead-letter queue too. */
  readonly options: SourceQueueOptions;
}

/** A queue with a dead-letter queue of its kind: both encrypted, and reachable by TLS only. */
export class SourceQueue extends Construct {
  /** Where events arrive. */
  readonly queue: sqs.Queue;
  /** Where events end that cannot be delivered. */
  readonly deadLetterQueue: sqs.IQueue;

  constructor(scope: Construct, id: string, props: SourceQueueProps) {
    super(scope, id);
    const { fifo, removalPolicy, visibilityTimeout, maxReceiveCount, options } = props;
    const { encryptionMasterKey, encryption } = options;
    const alike: DeadLetterQueueProps['options'] = {
      // CloudFormation takes `true` or nothing.
      ...(fifo && { fifo }),
      ...(encryptionMasterKey !== undefined && { encryptionMasterKey }),
      ...(encryptionMasterKey === undefined && { encryption: encryption ?? sqs.QueueEncryption.SQS_MANAGED }),
    };
    this.deadLetterQueue =
      props.deadLetterQueue ?? createDeadLetterQueue(this, 'DeadLetters', { removalPolicy, options: alike });
    this.queue = new sqs.Queue(this, 'Queue', {
      ...alike,
      enforceSSL: true,
      removalPolicy,
      ...options,
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount },
    });
  }
}

/** The visibility timeout of a queue that this app makes; nothing for a queue that it only refers to. */
export function visibilityTimeoutOf(queue: sqs.IQueue): Duration | undefined {
  const resource = queue.node.defaultChild;
  if (!(resource instanceof sqs.CfnQueue)) return undefined;
  const seconds = resource.visibilityTimeout ?? defaultVisibilitySeconds;
  return Token.isUnresolved(seconds) ? undefined : Duration.seconds(seconds);
}

/** What SQS gives to a queue that says nothing. */
const defaultVisibilitySeconds = 30;
