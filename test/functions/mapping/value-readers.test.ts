import { describe, expect, test } from 'vitest';
import { parseExactly } from '../../../functions/delivery/exact-json.ts';
import {
  bodyOf,
  describeValue,
  optionalInstant,
  optionalNumber,
  optionalText,
  requiredText,
  shardingKeyText,
  UnfitValueError,
  type ValueReader,
  words,
} from '../../../functions/mapping/value-readers.ts';

const big = parseExactly('12345678901234567890');
const bytes = new Uint8Array([0xff, 0x00]);

const taken: readonly [ValueReader<unknown>, unknown, unknown][] = [
  [requiredText, 'orders', 'orders'],
  [optionalText, 'a', 'a'],
  [optionalText, null, undefined],
  [optionalText, '', undefined],
  [optionalText, 0, '0'],
  [optionalText, false, 'false'],
  [optionalText, big, '12345678901234567890'],
  [shardingKeyText, 'a', 'a'],
  [shardingKeyText, 7, '7'],
  [shardingKeyText, '', undefined],
  [words, 'a', ['a']],
  [words, null, []],
  [words, [], []],
  [words, ['a', null, '', 5, big], ['a', '5', '12345678901234567890']],
  [optionalNumber, 5, 5],
  [optionalNumber, 0, 0],
  [optionalNumber, null, undefined],
  [optionalInstant, 1_793_178_000_000, 1_793_178_000_000],
  [optionalInstant, '2026-10-28T09:00:00Z', 1_793_178_000_000],
  [optionalInstant, '2026-10-28T10:00+01:00', 1_793_178_000_000],
  [optionalInstant, '2028-02-29T23:30:00-0800', 1_835_508_600_000],
  [optionalInstant, '2026-10-28T09:00:00.012Z', 1_793_178_000_012],
  [optionalInstant, null, undefined],
  [optionalInstant, '', undefined],
  [bodyOf, 'text', 'text'],
  [bodyOf, bytes, bytes],
  [bodyOf, 0, '0'],
  [bodyOf, false, 'false'],
  [bodyOf, [], '[]'],
  [bodyOf, { isLarge: undefined }, '{"isLarge":null}'],
  [bodyOf, { id: big, data: bytes }, '{"id":12345678901234567890,"data":"/wA="}'],
];

test.each(taken)('%o takes %j as %j', (reader, value, expected) => {
  expect(reader(value)).toEqual(expected);
});

const refused: readonly [ValueReader<unknown>, unknown][] = [
  [requiredText, null],
  [requiredText, ''],
  [requiredText, 7],
  [optionalText, {}],
  [optionalText, ['a']],
  [optionalText, bytes],
  [optionalText, Number.NaN],
  [shardingKeyText, null],
  [shardingKeyText, {}],
  [words, {}],
  [words, [['a']]],
  [optionalNumber, '5'],
  [optionalNumber, ''],
  [optionalNumber, Number.NaN],
  [optionalNumber, big],
  [optionalInstant, '2026-10-28'],
  [optionalInstant, '2026-10-28T09:00:00'],
  [optionalInstant, '2026-13-45T99:00:00Z'],
  [optionalInstant, '2027-02-29T09:00:00Z'],
  [optionalInstant, '2026-04-31T09:00+02:00'],
  [optionalInstant, 'tomorrow'],
  [optionalInstant, true],
  [bodyOf, null],
  [bodyOf, ''],
];

test.each(refused)('%o does not take %j', (reader, value) => {
  expect(() => reader(value)).toThrow(UnfitValueError);
});

describe('a value in an error', () => {
  test.each<[unknown, string]>([
    [null, 'nothing'],
    ['', 'empty text'],
    ['a\n', 'the text "a\\n"'],
    [7, 'the number 7'],
    [big, 'the number 12345678901234567890'],
    [true, 'true'],
    [[], 'a list'],
    [{}, 'an object'],
    [bytes, '2 bytes that are no text'],
  ])('%j is called %s', (value, words) => {
    expect(describeValue(value)).toBe(words);
  });

  test('is cut when it is long', () => {
    expect(describeValue('x'.repeat(1000)).length).toBeLessThan(80);
  });
});
