import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { areKnown, exactSeconds, isIntegerWithin } from './known-range.ts';
import type { SynthFault } from './synth-fault.ts';

/** How Lambda is to read a stream or Kafka topic, and what its being right depends on. */
export interface StreamMapping {
  readonly source: 'kinesis' | 'dynamodb' | 'kafka';
  readonly batchSize: number;
  /** Nothing when Lambda is not to wait longer than it does by itself. */
  readonly maxBatchingWindow: Duration | undefined;
  readonly startingPosition: lambda.StartingPosition;
  /** Unix seconds. */
  readonly startingPositionTimestamp: number | undefined;
  /** -1 for no limit. */
  readonly retryAttempts: number;
  readonly maxRecordAge: Duration;
  /** How long the stream keeps records; nothing when that is not known at synth. */
  readonly retention: Duration | undefined;
  readonly parallelizationFactor: number;
  readonly functionTimeout: Duration;
}

const largestBatch = 10_000;
const longestWindowSeconds = 300;
const shortestAgeSeconds = 60;
const longestAgeSeconds = 604_800;
/** The largest number that Lambda takes. */
export const mostRetries = 10_000;
const mostParallel = 10;
/** Lambda reads Kafka for functions of at most 14 minutes. */
const longestKafkaTimeoutSeconds = 840;

/** Everything that Lambda would refuse, or accept and then discard records, or hold up a stream, without need. */
export function streamMappingFaults(mapping: StreamMapping): SynthFault[] {
  return [
    ...batchFaults(mapping),
    ...positionFaults(mapping),
    ...retryFaults(mapping),
    ...ageFaults(mapping),
    ...functionFaults(mapping),
  ];
}

function batchFaults({ batchSize, maxBatchingWindow, parallelizationFactor }: StreamMapping): SynthFault[] {
  const faults: SynthFault[] = [];
  if (!isIntegerWithin(batchSize, 1, largestBatch)) {
    const text = `batchSize is ${batchSize}; Lambda allows whole numbers from 1 to ${largestBatch}.`;
    faults.push({ id: 'stream-batch-size', text });
  }
  const window = windowSeconds(maxBatchingWindow);
  if (!isIntegerWithin(window, 0, longestWindowSeconds)) {
    const text = `maxBatchingWindow is ${window} s; Lambda allows whole seconds from 0 to ${longestWindowSeconds}.`;
    faults.push({ id: 'stream-batching-window', text });
  }
  if (!isIntegerWithin(parallelizationFactor, 1, mostParallel)) {
    const text = `parallelizationFactor is ${parallelizationFactor}; Lambda allows whole numbers from 1 to ${mostParallel}.`;
    faults.push({ id: 'stream-parallelization', text });
  }
  return faults;
}

function positionFaults({ source, startingPosition, startingPositionTimestamp }: StreamMapping): SynthFault[] {
  const isAtTimestamp = startingPosition === lambda.StartingPosition.AT_TIMESTAMP;
  if (isAtTimestamp && source === 'dynamodb') {
    const text =
      'startingPosition is AT_TIMESTAMP, which streams of DynamoDB do not know. Make it TRIM_HORIZON or LATEST.';
    return [{ id: 'stream-starting-position', text }];
  }
  if (isAtTimestamp && startingPositionTimestamp === undefined) {
    const text =
      'startingPosition is AT_TIMESTAMP, but no time is given. Give startingPositionTimestamp too, in Unix seconds.';
    return [{ id: 'stream-starting-position', text }];
  }
  if (!isAtTimestamp && startingPositionTimestamp !== undefined) {
    const text = `startingPositionTimestamp would have no effect: startingPosition is ${startingPosition}. Make it AT_TIMESTAMP, or remove the time.`;
    return [{ id: 'stream-starting-position', text }];
  }
  return [];
}

function retryFaults({ source, retryAttempts }: StreamMapping): SynthFault[] {
  if (!isIntegerWithin(retryAttempts, -1, mostRetries)) {
    const text = `retryAttempts is ${retryAttempts}; Lambda allows whole numbers from 0 to ${mostRetries}, and -1 for no limit.`;
    return [{ id: 'stream-retry-attempts', text }];
  }
  if (source === 'kafka' && retryAttempts === -1) {
    const text = `retryAttempts is -1, but where records that fail have a destination, Lambda ends endless retries of Kafka after 10. Make it ${mostRetries}, and let maxRecordAge end them.`;
    return [{ id: 'stream-retry-attempts', text }];
  }
  return [];
}

function ageFaults(mapping: StreamMapping): SynthFault[] {
  const { maxRecordAge, retention, functionTimeout, maxBatchingWindow } = mapping;
  const age = exactSeconds(maxRecordAge);
  if (!isIntegerWithin(age, shortestAgeSeconds, longestAgeSeconds)) {
    const text = `maxRecordAge is ${age} s; Lambda allows whole seconds from ${shortestAgeSeconds} to ${longestAgeSeconds}.`;
    return [{ id: 'stream-record-age', text }];
  }
  const parts = [windowSeconds(maxBatchingWindow), exactSeconds(functionTimeout)] as const;
  // A sum of tokens is no token any more.
  const needed = areKnown(...parts) ? parts[0] + 2 * parts[1] : 0;
  if (areKnown(age) && age < needed) {
    const text = `maxRecordAge is ${age} s, but gathering a batch and trying it twice can take ${needed} s (the batching window, plus 2 × the function's timeout of ${exactSeconds(functionTimeout)} s): records would be given up before they were tried again. Make maxRecordAge at least ${needed} s, or the window or timeout shorter.`;
    return [{ id: 'stream-record-age', text }];
  }
  if (retention === undefined || !areKnown(age) || age < exactSeconds(retention)) return [];
  const text = `maxRecordAge is ${age} s, but the stream keeps records for ${exactSeconds(retention)} s only: a record that fails would expire there, and never reach the failure destination. Make maxRecordAge shorter, so that there is time to look at it, or the retention longer.`;
  return [{ id: 'stream-record-age', text }];
}

function functionFaults({ source, functionTimeout }: StreamMapping): SynthFault[] {
  const seconds = exactSeconds(functionTimeout);
  if (source !== 'kafka' || !areKnown(seconds) || seconds <= longestKafkaTimeoutSeconds) return [];
  const text = `The function's timeout is ${seconds} s; Lambda reads Kafka for functions of at most ${longestKafkaTimeoutSeconds} s. Make it shorter.`;
  return [{ id: 'kafka-function-timeout', text }];
}

function windowSeconds(window = Duration.seconds(0)): number {
  return exactSeconds(window);
}
