import { type Duration, type RemovalPolicy, Token } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { isIntegerWithin } from './known-range.ts';
import { type SourceQueueOptions, visibilityTimeoutOf } from './source-queue.ts';
import type { SynthFault } from './synth-fault.ts';

/** Which queue a construct reads: one that exists, or one that it creates. */
export interface QueueChoice {
  /**
   * A queue that exists, standard or FIFO.
   * @default - a queue and its dead-letter queue are created
   */
  readonly existingQueue?: sqs.IQueue;

  /**
   * Where messages end that cannot be delivered: FIFO where the queue is. Given together with `existingQueue`, it must be the one of that
   * queue; then it is only watched.
   * @default - created together with the queue
   */
  readonly deadLetterQueue?: sqs.IQueue;

  /**
   * Create a FIFO queue: messages of one group stay in order up to the topic. An existing queue knows what it is.
   * @default false
   */
  readonly fifo?: boolean;

  /**
   * How long SQS hides a message while it is being sent: at least six times the function's timeout plus the batching window. With an
   * existing queue of another stack, say here what it is set to, so that it can be checked.
   * @default - the least that is enough
   */
  readonly visibilityTimeout?: Duration;

  /**
   * Deliveries of a message before it goes to the dead-letter queue, from 1 to 1000. Not used with `existingQueue`.
   * @default 5
   */
  readonly maxReceiveCount?: number;

  /**
   * Anything else about the created queue, such as a key of your own or content-based deduplication.
   * @default - encrypted with a key of SQS, TLS only
   */
  readonly queueOptions?: SourceQueueOptions;

  /**
   * What becomes of created queues, and the messages in them, when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The dead-letter queue of a queue that exists: the one that was given, or the one the queue knows of. */
export function existingDeadLetterQueue({ existingQueue, deadLetterQueue }: QueueChoice): sqs.IQueue | undefined {
  if (deadLetterQueue !== undefined) return deadLetterQueue;
  return existingQueue instanceof sqs.Queue ? existingQueue.deadLetterQueue?.queue : undefined;
}

/** What SQS would refuse, and what would be dropped without a word. */
export function queueChoiceFaults(props: QueueChoice): SynthFault[] {
  return [...ignoredPropFaults(props), ...receiveCountFaults(props), ...kindFaults(props)];
}

/** Props that are about a created queue and have no effect when the queue exists. */
function ignoredPropFaults(props: QueueChoice): SynthFault[] {
  const { existingQueue, visibilityTimeout } = props;
  if (existingQueue === undefined) return [];
  const isVisibilityKnown = visibilityTimeoutOf(existingQueue) !== undefined;
  const ignored = [
    ...(['fifo', 'maxReceiveCount', 'queueOptions', 'removalPolicy'] as const).filter(
      (name) => props[name] !== undefined,
    ),
    ...(visibilityTimeout !== undefined && isVisibilityKnown ? ['visibilityTimeout'] : []),
  ];
  if (ignored.length === 0) return [];
  const text = `${ignored.join(', ')} would have no effect: existingQueue is given, and this construct does not change it. Set ${ignored.length === 1 ? 'it' : 'them'} where that queue is made.`;
  return [{ id: 'existing-queue', text }];
}

/** A number of deliveries that SQS would refuse. */
export function receiveCountFaults({ existingQueue, maxReceiveCount = 1 }: QueueChoice): SynthFault[] {
  // With an existing queue it has no effect, which has been told.
  if (existingQueue !== undefined || isIntegerWithin(maxReceiveCount, 1, 1000)) return [];
  const text = `maxReceiveCount is ${maxReceiveCount}; SQS allows whole numbers from 1 to 1000.`;
  return [{ id: 'sqs-max-receive-count', text }];
}

/** SQS moves messages between queues of one kind only. */
function kindFaults({ existingQueue, deadLetterQueue, fifo = false }: QueueChoice): SynthFault[] {
  const isSourceFifo = existingQueue === undefined ? fifo : isFifo(existingQueue);
  const isDeadFifo = deadLetterQueue && isFifo(deadLetterQueue);
  if (isSourceFifo === undefined || isDeadFifo === undefined || isSourceFifo === isDeadFifo) return [];
  const kind = (is: boolean) => (is ? 'FIFO' : 'standard');
  const text = `deadLetterQueue is ${kind(isDeadFifo)}, but the queue that it belongs to is ${kind(isSourceFifo)}, and SQS takes none of another kind. Give one that is ${kind(isSourceFifo)} too${existingQueue === undefined ? ', or leave deadLetterQueue out to have one created' : ''}.`;
  return [{ id: 'dead-letter-queue-fifo', text }];
}

/** Whether a queue is FIFO; nothing where only the name would tell, and that is known at deployment only. */
function isFifo(queue: sqs.IQueue): boolean | undefined {
  const isKnown = queue.fifo || queue.node.defaultChild instanceof sqs.CfnQueue || !Token.isUnresolved(queue.queueArn);
  return isKnown ? queue.fifo : undefined;
}

/** Nobody can tell whether the rule about visibility timeouts is kept. */
export const uncheckedVisibility: SynthFault = {
  id: 'sqs-visibility-timeout-unknown',
  text: 'The visibility timeout of the existing queue is not known here, so it could not be checked against the timeout of the function. Say in visibilityTimeout what it is set to.',
};

/** Poison messages would come back for as long as the queue keeps them, or end where nobody looks. */
export const unknownDeadLetterQueue: SynthFault = {
  id: 'sqs-dead-letter-queue-unknown',
  text: 'No dead-letter queue of the existing queue is known here, so none is watched. Give it in deadLetterQueue; if the queue has none, give it one, or messages that cannot be sent come back until they expire.',
};
