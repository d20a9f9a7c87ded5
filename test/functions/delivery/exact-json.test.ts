import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactDigits, exactNumber, parseExactly } from '../../../functions/delivery/exact-json.ts';

describe('a number', () => {
  test.each<[string, number]>([
    ['0', 0],
    ['0.0', 0],
    ['1.10', 1.1],
    ['-5', -5],
    ['1e5', 100_000],
    ['123456789012345', 123_456_789_012_345],
    ['9007199254740991', 9_007_199_254_740_991],
    ['0.000000000000000000001', 1e-21],
    ['23.399999618530273', 23.399999618530273],
    ['0.30000000000000004', 0.30000000000000004],
    ['-59.96999999999999', -59.96999999999999],
    ['1.7976931348623157e+308', Number.MAX_VALUE],
    ['5E-324', Number.MIN_VALUE],
    ['1.0e3', 1000],
    ['100e-2', 1],
    ['100.0', 100],
    ['-150.500', -150.5],
    ['1000000000000000000e-3', 1_000_000_000_000_000],
    ['12.3000000000000000000', 12.3],
    ['0.00000000000000000000e99', 0],
    ['-0', -0],
    ['-0.0', -0],
  ])('%s is one of JavaScript, which keeps all of it', (text, number) => {
    expect(exactNumber(text)).toBe(number);
    expect(exactDigits(exactNumber(text))).toBeUndefined();
  });

  test.each([
    '9007199254740993',
    '9007199254740990.7',
    '100000000000000000000',
    '123456789012345678901234567890.5',
    '0.1234567890123456789',
    '0.300000000000000044',
    '59.969999999999995',
    '100000000000000000000000.5',
    '-12345678901234.5678',
    '1e400',
    '1e-400',
    '1.23456789012345e-320',
    '9007199254740992',
    '9007199254740993e0',
    '9007199254740993.0',
  ])('%s keeps its digits, in JSON too', (text) => {
    expect(exactDigits(exactNumber(text))).toBe(text);
    expect(JSON.stringify({ id: exactNumber(text) })).toBe(`{"id":${text}}`);
  });

  test.each(['', 'NaN', 'Infinity', '1.', '.5', '0x10', '1 ', '١'])('%j is none, and stays text', (text) => {
    expect(exactNumber(text)).toBe(text);
  });
});

describe('JSON', () => {
  test('keeps the digits of every number in it', () => {
    const text = '{"id":12345678901234567890,"list":[1.5,{"big":1e400,"text":"12345678901234567890"}],"small":3}';
    expect(JSON.stringify(parseExactly(text))).toBe(text);
  });

  test('is what JSON.parse makes of it, where that keeps all', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(JSON.stringify(parseExactly(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([fc.bigInt().map(String), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)])(
    'has no number that differs from its text (%#)',
    (numbers) => {
      fc.assert(
        fc.property(numbers, (text) => {
          const [found] = parseExactly(`[${text}]`) as unknown[];
          const digits = exactDigits(found);
          if (digits !== undefined) expect(digits).toBe(text);
          else if (/^-?\d+$/.test(text)) expect(BigInt(Number(found))).toBe(BigInt(text));
          else expect(Number(found)).toBe(Number(text));
        }),
      );
    },
  );

  test('has every number that JavaScript wrote as that number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }), (number) => {
        expect(parseExactly(`[${number}]`)).toEqual([number]);
        expect(exactNumber(number.toExponential())).toBe(number);
      }),
    );
  });

  test.each(['', '{', 'text', '{"a":12345678901234567890'])('is not %j', (text) => {
    expect(() => parseExactly(text)).toThrow(SyntaxError);
  });
});
