import { Duration } from 'aws-cdk-lib';
import { areKnown, exactSeconds, isIntegerWithin } from './known-range.ts';
import type { SynthFault } from './synth-fault.ts';

/** How Lambda is to read a queue, and what its being right depends on. */
export interface SqsMapping {
  readonly fifo: boolean;
  readonly batchSize: number;
  readonly maxConcurrency: number;
  /** Nothing when Lambda is not to wait. */
  readonly maxBatchingWindow: Duration | undefined;
  readonly functionTimeout: Duration;
  /** Nothing when it is not known at synth. */
  readonly visibilityTimeout: Duration | undefined;
  /** Nothing when no concurrency is reserved for the function. */
  readonly reservedConcurrency: number | undefined;
}

const largestBatch = 10_000;
const largestFifoBatch = 10;
const largestBatchWithoutWindow = 10;
const longestWindowSeconds = 300;

/**
 * How long a message must stay hidden while it is being sent. Six times the function's timeout is AWS's own rule: it leaves room for
 * Lambda to try again when an invocation is throttled.
 */
export function neededVisibility(functionTimeout: Duration, maxBatchingWindow = Duration.seconds(0)): Duration {
  return Duration.seconds(6 * exactSeconds(functionTimeout) + Math.ceil(exactSeconds(maxBatchingWindow)));
}

/** What a created queue has to be told, because it follows from durations that are known at deployment only. */
export function unknownVisibilityFaults(
  visibilityTimeout: Duration | undefined,
  ...parts: readonly (Duration | undefined)[]
): SynthFault[] {
  if (visibilityTimeout !== undefined || !parts.some((part) => part?.isUnresolved() === true)) return [];
  const text =
    "The visibility timeout of the queue follows from the function's timeout and maxBatchingWindow, of which one is known at deployment only. Give visibilityTimeout: 6 × the timeout plus the window, or more.";
  return [{ id: 'sqs-visibility-timeout', text }];
}

/** Everything that Lambda or SQS would refuse, or accept and then deliver twice or not at all. */
export function sqsMappingFaults(mapping: SqsMapping): SynthFault[] {
  return [
    ...batchFaults(mapping),
    ...windowFaults(mapping),
    ...concurrencyFaults(mapping),
    ...visibilityFaults(mapping),
  ];
}

function batchFaults({ fifo, batchSize }: SqsMapping): SynthFault[] {
  const largest = fifo ? largestFifoBatch : largestBatch;
  if (isIntegerWithin(batchSize, 1, largest)) return [];
  const kind = fifo ? 'FIFO' : 'standard';
  const text = `batchSize is ${batchSize}; for a ${kind} queue Lambda allows whole numbers from 1 to ${largest}.`;
  return [{ id: 'sqs-batch-size', text }];
}

function windowFaults({ fifo, batchSize, maxBatchingWindow }: SqsMapping): SynthFault[] {
  const seconds = maxBatchingWindow === undefined ? 0 : exactSeconds(maxBatchingWindow);
  if (fifo) {
    if (seconds === 0) return [];
    const text = `maxBatchingWindow is ${seconds} s, but Lambda does not wait for batches of a FIFO queue. Leave maxBatchingWindow out.`;
    return [{ id: 'sqs-batching-window', text }];
  }
  if (!isIntegerWithin(seconds, 0, longestWindowSeconds)) {
    const text = `maxBatchingWindow is ${seconds} s; Lambda allows whole seconds from 0 to ${longestWindowSeconds}.`;
    return [{ id: 'sqs-batching-window', text }];
  }
  if (areKnown(batchSize) && batchSize > largestBatchWithoutWindow && seconds === 0) {
    const text = `batchSize is ${batchSize} and there is no maxBatchingWindow: above ${largestBatchWithoutWindow} messages Lambda demands one of at least 1 second. Give maxBatchingWindow, or make batchSize ${largestBatchWithoutWindow} or less.`;
    return [{ id: 'sqs-batching-window', text }];
  }
  return [];
}

function concurrencyFaults({ maxConcurrency, reservedConcurrency }: SqsMapping): SynthFault[] {
  if (!isIntegerWithin(maxConcurrency, 2, 1000)) {
    const text = `maxConcurrency is ${maxConcurrency}; SQS allows whole numbers from 2 to 1000.`;
    return [{ id: 'sqs-max-concurrency', text }];
  }
  if (reservedConcurrency === undefined || !areKnown(reservedConcurrency, maxConcurrency)) return [];
  if (reservedConcurrency >= maxConcurrency) return [];
  const text = `maxConcurrency is ${maxConcurrency}, but only ${reservedConcurrency} concurrent executions are reserved: what is throttled counts as received and ends in the dead-letter queue unsent. Reserve at least ${maxConcurrency}, or lower maxConcurrency.`;
  return [{ id: 'sqs-max-concurrency', text }];
}

function visibilityFaults({ functionTimeout, maxBatchingWindow, visibilityTimeout }: SqsMapping): SynthFault[] {
  if (visibilityTimeout === undefined) return [];
  const parts = [functionTimeout, visibilityTimeout, ...(maxBatchingWindow === undefined ? [] : [maxBatchingWindow])];
  if (!areKnown(...parts.map(exactSeconds))) return [];
  const needed = exactSeconds(neededVisibility(functionTimeout, maxBatchingWindow));
  const given = exactSeconds(visibilityTimeout);
  if (given >= needed) return [];
  const text = `The visibility timeout of the queue is ${given} s, but messages must stay hidden for ${needed} s (6 × the function's timeout of ${exactSeconds(functionTimeout)} s, plus the batching window); else SQS delivers them again while they are being sent. Make visibilityTimeout at least ${needed} s, or the function's timeout shorter.`;
  return [{ id: 'sqs-visibility-timeout', text }];
}
