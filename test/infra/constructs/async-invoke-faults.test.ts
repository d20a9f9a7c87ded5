import { Duration } from 'aws-cdk-lib';
import { expect, test } from 'vitest';
import { type AsyncInvoke, asyncInvokeFaults } from '../../../infra/constructs/async-invoke-faults.ts';

const sound: AsyncInvoke = {
  maxEventAge: Duration.hours(6),
  retryAttempts: 2,
  functionTimeout: Duration.seconds(30),
};

test.each<[string, Partial<AsyncInvoke>]>([
  ['what Lambda does by default', {}],
  ['no retries, within a minute', { maxEventAge: Duration.minutes(1), retryAttempts: 0 }],
  ['the least time that two retries take', { maxEventAge: Duration.seconds(270) }],
  ['the least time that one retry takes', { maxEventAge: Duration.seconds(120), retryAttempts: 1 }],
])('%s is fine', (_title, change) => {
  expect(asyncInvokeFaults({ ...sound, ...change })).toEqual([]);
});

test.each<[string, Partial<AsyncInvoke>, string, RegExp]>([
  ['three retries', { retryAttempts: 3 }, 'async-retry-attempts', /is 3; .* 0, 1 or 2 times/],
  ['half a retry', { retryAttempts: 0.5 }, 'async-retry-attempts', /is 0.5/],
  ['half a minute', { maxEventAge: Duration.seconds(30) }, 'async-event-age', /from 60 to 21600/],
  ['seven hours', { maxEventAge: Duration.hours(7) }, 'async-event-age', /is 25200 s/],
  ['a fraction of a second', { maxEventAge: Duration.millis(60_500) }, 'async-event-age', /is 60.5 s; .* whole/],
  ['too little time for two retries', { maxEventAge: Duration.seconds(269) }, 'async-event-age', /at least 270 s/],
  [
    'too little time for a slow function',
    { maxEventAge: Duration.minutes(5), functionTimeout: Duration.minutes(2) },
    'async-event-age',
    /3 tries of 120 s .* 540 s/,
  ],
])('%s is refused', (_title, change, id, text) => {
  expect(asyncInvokeFaults({ ...sound, ...change })).toEqual([{ id, text: expect.stringMatching(text) }]);
});
