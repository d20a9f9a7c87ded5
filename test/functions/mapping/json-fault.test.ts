import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonFault, pathOf } from '../../../functions/mapping/json-fault.ts';

describe('text that is no JSON', () => {
  test.each<[string, string, number, number, string]>([
    ['', 'mapping', 1, 1, 'a value is missing: the text ends here'],
    ['{', 'mapping', 1, 2, 'a name in double quotes is missing: the text ends here'],
    ['{"topic" "x"}', 'mapping', 1, 10, '":" is missing: found text'],
    ['{"topic":}', 'mapping.topic', 1, 10, 'a value is missing: found "}"'],
    ["{'topic':1}", 'mapping', 1, 2, 'a name in double quotes is missing: found "\'"'],
    ['{"a":1,}', 'mapping', 1, 8, 'a name in double quotes is missing: found "}"'],
    ['{"a":1 "b":2}', 'mapping', 1, 8, '"," or "}" is missing: found text'],
    ['{"a":[1,2}', 'mapping.a', 1, 10, '"," or "]" is missing: found "}"'],
    ['{"a":[1,\n  {"b c":tru}]}', 'mapping.a[1]["b c"]', 2, 10, 'a value is missing: found "tru"'],
    ['{"a":01}', 'mapping.a', 1, 6, 'a value is missing: found "01"'],
    ['{} {}', 'mapping', 1, 4, '"{" is too much'],
    ['{"a":"x\ny"}', 'mapping.a', 1, 6, 'text begins here that has no end, a line break or a wrong escape'],
    ['{"a":"\\x"}', 'mapping.a', 1, 6, 'text begins here that has no end, a line break or a wrong escape'],
  ])('%j says where and what is wrong', (text, path, line, column, reason) => {
    const fault = jsonFault(text, 'mapping');
    expect(fault).toMatchObject({ path, line, column });
    expect(fault?.reason).toContain(reason);
  });
});

test('text that is nested too deeply is told so', () => {
  const fault = { path: 'mapping', line: 1, column: 1, reason: 'it is nested too deeply' };
  expect(jsonFault('['.repeat(20_000), 'mapping')).toEqual(fault);
  expect(jsonFault(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'mapping')).toEqual(fault);
});

test('a name that is there twice in one object is a fault, and in two it is none', () => {
  expect(jsonFault('{"a":{"b":1,\n"b":2}}', 'mapping')).toEqual({
    path: 'mapping.a.b',
    line: 2,
    column: 1,
    reason: 'the name is there twice',
  });
  expect(jsonFault('{"a":1,"\\u0061":2}', 'mapping')).toMatchObject({ path: 'mapping.a' });
  expect(jsonFault('{"a":{"b":1},"b":[{"a":1},{"a":2}]}', 'mapping')).toBeUndefined();
});

/** Whether JSON.parse takes a text. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // What was asked.
    return false;
  }
}

test('every text that JSON.parse takes has no other fault than a name that is there twice, and any other text has one', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '"',
    '1',
    '-0.5e3',
    '01',
    'true',
    'nul',
    ' ',
    '\n',
    '\\',
    '\u00a0',
  ];
  const broken = fc.tuple(fc.jsonValue(), fc.nat(), fc.constantFrom(...pieces)).map(([value, at, piece]) => {
    const text = JSON.stringify(value, null, 1);
    const place = at % (text.length + 1);
    return text.slice(0, place) + piece + text.slice(place);
  });
  const made = fc.array(fc.constantFrom(...pieces)).map((list) => list.join(''));
  const whole = fc.jsonValue().map((value) => JSON.stringify(value));
  fc.assert(
    fc.property(fc.oneof(broken, made, whole), (text) => {
      const fault = jsonFault(text, 'mapping');
      if (fault?.reason === 'the name is there twice') return;
      expect({ text, isJson: fault === undefined }).toEqual({ text, isJson: isJson(text) });
    }),
    { numRuns: 2000 },
  );
});

test('paths are written as the mapping is read', () => {
  expect(pathOf(pathOf(pathOf('mapping', 'properties'), 'a-b'), 2)).toBe('mapping.properties["a-b"][2]');
});
