import { Duration } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { neededVisibility, type SqsMapping, sqsMappingFaults } from '../../../infra/constructs/sqs-mapping-faults.ts';

const sound: SqsMapping = {
  fifo: false,
  batchSize: 10,
  maxConcurrency: 10,
  maxBatchingWindow: undefined,
  functionTimeout: Duration.seconds(30),
  visibilityTimeout: Duration.seconds(180),
  reservedConcurrency: undefined,
};

describe('a visibility timeout', () => {
  test('is long enough from six times the timeout of the function and the batching window on', () => {
    expect(neededVisibility(Duration.seconds(30), undefined).toSeconds()).toBe(180);
    expect(neededVisibility(Duration.minutes(1), Duration.seconds(20)).toSeconds()).toBe(380);
  });

  test('cannot be judged where it is not known', () => {
    expect(sqsMappingFaults({ ...sound, visibilityTimeout: undefined })).toEqual([]);
  });
});

describe('a mapping is sound', () => {
  test.each<[string, Partial<SqsMapping>]>([
    ['with the defaults', {}],
    ['with a large batch and a window', largeBatch(300)],
    ['with the smallest batch', { batchSize: 1 }],
    ['for FIFO without a window', { fifo: true }],
    ['for FIFO with a window of nothing', { fifo: true, maxBatchingWindow: Duration.seconds(0) }],
    ['with the least and the most concurrency', { maxConcurrency: 2 }],
    ['with the most concurrency', { maxConcurrency: 1000 }],
    ['with as much concurrency as is reserved', { reservedConcurrency: 10 }],
  ])('%s', (_title, change) => {
    expect(sqsMappingFaults({ ...sound, ...change })).toEqual([]);
  });
});

describe('a mapping has a fault', () => {
  test.each<[string, Partial<SqsMapping>, string, RegExp]>([
    [
      'when messages show up again while they are sent',
      { visibilityTimeout: Duration.seconds(179) },
      'sqs-visibility-timeout',
      /is 179 s, but messages must stay hidden for 180 s .* Make visibilityTimeout at least 180 s/,
    ],
    [
      'when the window is left out of the visibility timeout',
      { maxBatchingWindow: Duration.seconds(1) },
      'sqs-visibility-timeout',
      /is 180 s, but messages must stay hidden for 181 s/,
    ],
    ['with a large batch and no window', { batchSize: 11 }, 'sqs-batching-window', /demands one of at least 1 second/],
    [
      'with a batch of nothing',
      { batchSize: 0 },
      'sqs-batch-size',
      /batchSize is 0; for a standard queue .* 1 to 10000/,
    ],
    ['with half a message', { batchSize: 1.5 }, 'sqs-batch-size', /batchSize is 1.5/],
    ['with a batch too large', { ...largeBatch(1), batchSize: 10_001 }, 'sqs-batch-size', /batchSize is 10001/],
    ['with a FIFO batch above 10', { fifo: true, batchSize: 11 }, 'sqs-batch-size', /for a FIFO queue .* 1 to 10/],
    [
      'with a FIFO batch that is waited for',
      { ...largeBatch(1), fifo: true, batchSize: 10 },
      'sqs-batching-window',
      /does not wait for batches of a FIFO queue/,
    ],
    [
      'with a window too long',
      largeBatch(301),
      'sqs-batching-window',
      /is 301 s; Lambda allows whole seconds from 0 to 300/,
    ],
    [
      'with a window of half a second',
      { maxBatchingWindow: Duration.millis(500), visibilityTimeout: Duration.minutes(10) },
      'sqs-batching-window',
      /is 0.5 s; Lambda allows whole seconds/,
    ],
    ['with a concurrency of one', { maxConcurrency: 1 }, 'sqs-max-concurrency', /from 2 to 1000/],
    ['with too much concurrency', { maxConcurrency: 1001 }, 'sqs-max-concurrency', /from 2 to 1000/],
    [
      'with less concurrency reserved than used',
      { reservedConcurrency: 9 },
      'sqs-max-concurrency',
      /only 9 concurrent executions are reserved/,
    ],
  ])('%s', (_title, change, id, text) => {
    expect(sqsMappingFaults({ ...sound, ...change })).toEqual([{ id, text: expect.stringMatching(text) }]);
  });
});

function largeBatch(windowSeconds: number): Partial<SqsMapping> {
  return {
    batchSize: 10_000,
    maxBatchingWindow: Duration.seconds(windowSeconds),
    visibilityTimeout: Duration.minutes(10),
  };
}
