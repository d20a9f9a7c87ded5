import { expect, test } from 'vitest';
import {
  arnOf,
  awsId,
  ContextValueError,
  flag,
  integer,
  jsonObject,
  listOf,
  oneOf,
  text,
  textLike,
} from '../../infra/context-value.ts';

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
  expect(['true', true, ' true ', 'false', false].map(flag)).toEqual([true, true, true, false, false]);
  for (const value of ['yes', 1, 0, '']) expect(() => flag(value)).toThrow('must be true or false');
});

test('one of several values keeps its type', () => {
  expect(oneOf(1, 7)('7')).toBe(7);
  expect(() => oneOf(1, 7)('2')).toThrow('must be one of 1, 7');
});

test('a list comes as an array, or as text with commas or semicolons', () => {
  const ports = listOf(integer(1, 9), 'digits');
  expect([ports('1, 2;3'), ports([4, '5']), ports(6)]).toEqual([[1, 2, 3], [4, 5], [6]]);
  expect(listOf(oneOf('sqs', 'sns'), 'sources')('sqs, sns')).toEqual(['sqs', 'sns']);
});

test('a list is not empty and has no wrong item', () => {
  for (const value of ['', ',', [], '1,x', [0]]) {
    expect(() => listOf(integer(1, 9), 'digits')(value)).toThrow('must be a list of digits, separated by commas');
  }
});

test('an object comes as JSON or as its text', () => {
  expect([jsonObject('{"source":["shop"]}'), jsonObject({ source: ['shop'] })]).toEqual([
    { source: ['shop'] },
    { source: ['shop'] },
  ]);
});

test.each(['', 'shop', '[]', 'null', '1', [], null, 1])('an object is not %o', (value) => {
  expect(() => jsonObject(value)).toThrow(/^must be a JSON object/);
});

test('an ARN is one of the service and kind', () => {
  const stream = arnOf('kinesis', 'stream/[a-z]+', 'stream/orders');
  expect(stream('arn:aws:kinesis:eu-west-1:123456789012:stream/orders')).toContain('stream/orders');
  expect(() => stream('arn:aws:sqs:eu-west-1:123456789012:orders')).toThrow(
    'must be an ARN such as arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
  );
  expect(() => awsId('sg')('vpc-0123456789abcdef0')).toThrow('must be an id such as sg-0123456789abcdef0');
});
