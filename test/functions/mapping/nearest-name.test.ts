import { expect, test } from 'vitest';
import { didYouMean } from '../../../functions/mapping/nearest-name.ts';

const known = ['topic', 'body', 'tag', 'keys', 'shardingKey', 'deliverAt', 'delayMs'];

test.each([
  ['topc', 'topic'],
  ['Topic', 'topic'],
  ['tags', 'tag'],
  ['key', 'keys'],
  ['sharding_key', 'shardingKey'],
  ['delayms', 'delayMs'],
])('%s is taken for %s', (unknown, nearest) => {
  expect(didYouMean(unknown, known)).toBe(` (did you mean "${nearest}"?)`);
});

test.each(['', 'whatever', 'x', 'kind', 'consumerGroup'])('%j is like none', (unknown) => {
  expect(didYouMean(unknown, ['topic', 'shardingKey', 'deliverAt', 'id'])).toBe('');
});
