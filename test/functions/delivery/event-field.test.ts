import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { EventError } from '../../../functions/delivery/event-error.ts';
import {
  bytesOf,
  countOf,
  fieldsOf,
  instantOfSeconds,
  instantOfText,
  listOf,
  optionalFieldsOf,
  optionalTextOf,
  textOf,
} from '../../../functions/delivery/event-field.ts';

type Read = (value: unknown, field: string) => unknown;

describe('a field is read', () => {
  test.each<[string, Read, unknown, unknown]>([
    ['an object', fieldsOf, { a: 1 }, { a: 1 }],
    ['no object', optionalFieldsOf, null, {}],
    ['a list', listOf, [], []],
    ['text', textOf, ' ', ' '],
    ['empty text', optionalTextOf, '', undefined],
    ['no text', optionalTextOf, undefined, undefined],
    ['a count', countOf, 0, 0],
    ['seconds with a fraction', instantOfSeconds, 1545084650.987, 1545084650987],
    ['no seconds', instantOfSeconds, undefined, 0],
    ['the epoch', instantOfSeconds, 0, 0],
    ['a time as text', instantOfText, '2026-10-28T09:00:00.012Z', Date.UTC(2026, 9, 28, 9, 0, 0, 12)],
    ['no time as text', instantOfText, null, 0],
  ])('that is %s', (_what, read, value, expected) => {
    expect(read(value, 'a')).toEqual(expected);
  });

  test('that is base64, to its bytes', () => {
    expect([...bytesOf('AAH/', 'a')]).toEqual([0, 1, 255]);
    expect([...bytesOf('', 'a')]).toEqual([]);
    // As in the example events of AWS: bits that belong to no byte are not 0.
    expect(Buffer.from(bytesOf('abcDEFghiJKLmnoPQRstuVWXyz1234==', 'a')).toString('hex')).toMatch(/^69b7/);
  });
});

describe('a field is refused by its name', () => {
  test.each<[string, Read, unknown[]]>([
    ['an object', fieldsOf, [undefined, null, [], 'text', 7]],
    ['an object', optionalFieldsOf, [[], 'text', 0, false]],
    ['a list', listOf, [undefined, null, {}, 'text']],
    ['a string', textOf, [undefined, null, 7, {}]],
    ['a string that is not empty', textOf, ['']],
    ['a string', optionalTextOf, [7, {}, false]],
    [
      'text in base64',
      bytesOf,
      [undefined, 'A', 'AAA', 'AA A', 'AAA-', '====', 'A===', 'AA-AAAAA', 'AA==AAAA', 'AAAAA', 7],
    ],
    ['a whole number from 0 on', countOf, [undefined, -1, 0.5, '7', Number.MAX_SAFE_INTEGER + 1]],
    ['a time in epoch seconds', instantOfSeconds, ['1', -1, Number.NaN, Number.MAX_VALUE]],
    ['a time in ISO 8601', instantOfText, ['soon']],
  ])('that must be %s: %o', (expected, read, values) => {
    for (const value of values) {
      expect(() => read(value, 'Records[3].at')).toThrow(EventError);
      expect(() => read(value, 'Records[3].at')).toThrow(`Records[3].at of the event must be ${expected}`);
    }
  });
});
