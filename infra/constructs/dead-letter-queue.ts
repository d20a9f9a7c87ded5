import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { SynthFault } from './synth-fault.ts';

/** Properties of a queue for events that could not be delivered. */
export interface DeadLetterQueueProps {
  /** What becomes of the queue, and the events in it, when the stack is deleted. */
  readonly removalPolicy: RemovalPolicy;

  /**
   * What it has in common with the queue it belongs to: its kind and its encryption.
   * @default - standard, encrypted with a key of SQS
   */
  readonly options?: Pick<sqs.QueueProps, 'encryption' | 'encryptionMasterKey' | 'fifo'>;
}

/** A queue in which events wait for people: encrypted, reachable by TLS only, and kept for as long as SQS keeps anything. */
export function createDeadLetterQueue(
  scope: Construct,
  id: string,
  { removalPolicy, options = {} }: DeadLetterQueueProps,
): sqs.Queue {
  const queue = new sqs.Queue(scope, id, {
    ...(options.encryptionMasterKey === undefined && { encryption: sqs.QueueEncryption.SQS_MANAGED }),
    ...options,
    enforceSSL: true,
    removalPolicy,
    // The longest there is: a message keeps the age it had in a source queue, and people need time to look.
    retentionPeriod: Duration.days(14),
  });
  for (const id of ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy']) {
    Validations.of(queue).acknowledge({
      id,
      reason: 'This is the dead-letter queue itself: messages stay in it until people have looked at them.',
    });
  }
  return queue;
}

/** Lambda, SNS and EventBridge put what failed into standard queues only. */
export function deadLetterQueueFaults(queue: sqs.IQueue | undefined): SynthFault[] {
  if (queue?.fifo !== true) return [];
  const text =
    'deadLetterQueue is FIFO, and what failed could not be put into it: that needs a standard queue. Give one, or leave deadLetterQueue out to have one created.';
  return [{ id: 'dead-letter-queue-fifo', text }];
}
