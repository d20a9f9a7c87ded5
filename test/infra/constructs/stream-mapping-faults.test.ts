import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { expect, test } from 'vitest';
import { type StreamMapping, streamMappingFaults } from '../../../infra/constructs/stream-mapping-faults.ts';

const sound: StreamMapping = {
  source: 'kinesis',
  batchSize: 100,
  maxBatchingWindow: undefined,
  startingPosition: lambda.StartingPosition.TRIM_HORIZON,
  startingPositionTimestamp: undefined,
  retryAttempts: 10_000,
  maxRecordAge: Duration.hours(6),
  retention: Duration.hours(24),
  parallelizationFactor: 1,
  functionTimeout: Duration.seconds(30),
};

test.each<[string, Partial<StreamMapping>]>([
  ['the default', {}],
  [
    'the largest of everything',
    { batchSize: 10_000, maxBatchingWindow: Duration.minutes(5), parallelizationFactor: 10 },
  ],
  ['no retries', { retryAttempts: 0 }],
  ['endless retries, of a stream', { retryAttempts: -1 }],
  ['seven days, where nobody knows the retention', { maxRecordAge: Duration.days(7), retention: undefined }],
  [
    'the least age for window and timeout',
    { maxBatchingWindow: Duration.seconds(10), maxRecordAge: Duration.seconds(70) },
  ],
  [
    'a time to start at',
    { startingPosition: lambda.StartingPosition.AT_TIMESTAMP, startingPositionTimestamp: 1_700_000_000 },
  ],
  ['the longest function for Kafka', { source: 'kafka', functionTimeout: Duration.minutes(14) }],
])('%s is fine', (_title, change) => {
  expect(streamMappingFaults({ ...sound, ...change })).toEqual([]);
});

test.each<[string, Partial<StreamMapping>, string, RegExp]>([
  ['an empty batch', { batchSize: 0 }, 'stream-batch-size', /from 1 to 10000/],
  ['too large a batch', { batchSize: 10_001 }, 'stream-batch-size', /is 10001/],
  ['too long a window', { maxBatchingWindow: Duration.seconds(301) }, 'stream-batching-window', /from 0 to 300/],
  ['half a second', { maxBatchingWindow: Duration.millis(500) }, 'stream-batching-window', /is 0.5 s; .* whole/],
  ['no parallel batches', { parallelizationFactor: 0 }, 'stream-parallelization', /from 1 to 10/],
  ['eleven parallel batches', { parallelizationFactor: 11 }, 'stream-parallelization', /is 11/],
  [
    'a time without its position',
    { startingPositionTimestamp: 1_700_000_000 },
    'stream-starting-position',
    /no effect: startingPosition is TRIM_HORIZON/,
  ],
  [
    'a position without its time',
    { startingPosition: lambda.StartingPosition.AT_TIMESTAMP },
    'stream-starting-position',
    /Give startingPositionTimestamp/,
  ],
  [
    'a time for DynamoDB',
    {
      source: 'dynamodb',
      startingPosition: lambda.StartingPosition.AT_TIMESTAMP,
      startingPositionTimestamp: 1_700_000_000,
    },
    'stream-starting-position',
    /DynamoDB do not know/,
  ],
  ['too many retries', { retryAttempts: 10_001 }, 'stream-retry-attempts', /from 0 to 10000, and -1/],
  ['fewer than no retries', { retryAttempts: -2 }, 'stream-retry-attempts', /is -2/],
  [
    'endless retries of Kafka',
    { source: 'kafka', retryAttempts: -1 },
    'stream-retry-attempts',
    /after 10\. Make it 10000/,
  ],
  ['half a minute of age', { maxRecordAge: Duration.seconds(30) }, 'stream-record-age', /from 60 to 604800/],
  ['eight days of age', { maxRecordAge: Duration.days(8) }, 'stream-record-age', /is 691200 s/],
  [
    'an age below window and two timeouts',
    { maxRecordAge: Duration.seconds(69), maxBatchingWindow: Duration.seconds(10) },
    'stream-record-age',
    /can take 70 s .* at least 70 s/,
  ],
  [
    'an age as long as the retention',
    { maxRecordAge: Duration.hours(24) },
    'stream-record-age',
    /keeps records for 86400 s only/,
  ],
  [
    'a slow function for Kafka',
    { source: 'kafka', functionTimeout: Duration.minutes(15) },
    'kafka-function-timeout',
    /is 900 s; .* at most 840 s/,
  ],
])('%s is refused', (_title, change, id, text) => {
  expect(streamMappingFaults({ ...sound, ...change })).toEqual([{ id, text: expect.stringMatching(text) }]);
});
