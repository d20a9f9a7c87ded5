import { expect, test } from 'vitest';
import { ContextValueError, flag, integer, listOf, oneOf, text, textLike } from '../../infra/context-value.ts';

test('text is trimmed', () => {
  expect(text(' a ')).toBe('a');
  expect(textLike(/^a$/, 'an a')(' a ')).toBe('a');
});

test('a whole number comes as text or as a number', () => {
  expect([integer(0, 10)('0'), integer(0, 10)(10)]).toEqual([0, 10]);
});

test.each(['', ' ', '-1', '11', '1.5', '1e1', '0x1', 11, 1.5, Number.NaN, true, null, {}])(
  'a whole number from 0 to 10 is not %o',
  (value) => {
    expect(() => integer(0, 10)(value)).toThrow(new ContextValueError('must be a whole number from 0 to 10'));
  },
);

test('a flag comes as text or as a boolean, and nothing else counts as true', () => {
  expect(['true', true, 'false', false].map(flag)).toEqual([true, true, false, false]);
  for (const value of ['yes', 1, 0, '']) expect(() => flag(value)).toThrow('must be true or false');
});

test('one of several values keeps its type', () => {
  expect(oneOf(1, 7)('7')).toBe(7);
  expect(() => oneOf(1, 7)('2')).toThrow('must be one of 1, 7');
});

test('a list comes as an array, or as text with commas or semicolons', () => {
  const ports = listOf(integer(1, 9), 'digits');
  expect([ports('1, 2;3'), ports([4, '5']), ports(6)]).toEqual([[1, 2, 3], [4, 5], [6]]);
});

test('a list is not empty and has no wrong item', () => {
  for (const value of ['', ',', [], '1,x', [0]]) {
    expect(() => listOf(integer(1, 9), 'digits')(value)).toThrow('must be a list of digits, separated by commas');
  }
});
