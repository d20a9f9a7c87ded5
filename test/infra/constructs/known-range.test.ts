import { Duration, Lazy } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { expect, test } from 'vitest';
import { asyncInvokeFaults } from '../../../infra/constructs/async-invoke-faults.ts';
import { areKnown, exactSeconds, isIntegerWithin } from '../../../infra/constructs/known-range.ts';
import { sqsMappingFaults } from '../../../infra/constructs/sqs-mapping-faults.ts';
import { streamMappingFaults } from '../../../infra/constructs/stream-mapping-faults.ts';

const atDeployment = Lazy.number({ produce: () => 1 });
const later = Duration.seconds(atDeployment);

test('a number is within bounds when it is whole and not outside', () => {
  expect([1, 2, 3].map((value) => isIntegerWithin(value, 1, 3))).toEqual([true, true, true]);
  expect([0, 4, 1.5, Number.NaN].map((value) => isIntegerWithin(value, 1, 3))).toEqual([false, false, false, false]);
});

test('a number that is known at deployment only is within all bounds, and compared with nothing', () => {
  expect(isIntegerWithin(atDeployment, 5, 6)).toBe(true);
  expect([areKnown(1, 2), areKnown(1, atDeployment), areKnown(exactSeconds(later))]).toEqual([true, false, false]);
});

test('no check of a mapping looks into what is known at deployment only', () => {
  expect(
    sqsMappingFaults({
      fifo: false,
      batchSize: atDeployment,
      maxConcurrency: atDeployment,
      maxBatchingWindow: undefined,
      functionTimeout: later,
      visibilityTimeout: Duration.seconds(30),
      reservedConcurrency: 5,
    }),
  ).toEqual([]);
  expect(
    streamMappingFaults({
      source: 'kafka',
      batchSize: atDeployment,
      maxBatchingWindow: later,
      startingPosition: lambda.StartingPosition.LATEST,
      startingPositionTimestamp: undefined,
      retryAttempts: atDeployment,
      maxRecordAge: later,
      retention: Duration.hours(24),
      parallelizationFactor: atDeployment,
      functionTimeout: later,
    }),
  ).toEqual([]);
  expect(asyncInvokeFaults({ maxEventAge: later, retryAttempts: atDeployment, functionTimeout: later })).toEqual([]);
});
