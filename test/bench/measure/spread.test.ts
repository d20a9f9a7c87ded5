import { expect, test } from 'vitest';
import { percentile, spreadOf } from '../../../bench/measure/spread.ts';

test('a spread of an odd number of values has the middle one as its median', () => {
  expect(spreadOf([3, 1, 100])).toEqual({ median: 3, min: 1, max: 100, count: 3 });
});

test('a spread of an even number of values has the mean of the two middle ones as its median', () => {
  expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9, count: 4 });
});

test('there is no spread of nothing', () => {
  expect(spreadOf([])).toBeUndefined();
});

test('a percentile is one of the values, by nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile([7], 0.01)).toBe(7);
});
