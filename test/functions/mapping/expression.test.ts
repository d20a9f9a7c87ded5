import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseExactly } from '../../../functions/delivery/exact-json.ts';
import { evaluate, expressionFaults, isTruthy } from '../../../functions/mapping/expression.ts';

describe('an expression that cannot be read', () => {
  test.each<[string, number, string]>([
    ['', 1, 'it is empty'],
    ['  ', 1, 'it is empty'],
    ['body[', 6, 'it ends too early'],
    ['body.x ||', 10, 'it ends too early'],
    ['body..x', 6, '"." is not expected here'],
    ['body.x )', 8, '")" is not expected here'],
    ['a = b', 3, 'cannot be read from "=" on'],
    ["'abc", 1, 'cannot be read from "\'abc" on'],
    ['`{"a":}`', 1, 'cannot be read from "{\\"a\\":}" on'],
    ['a#b', 2, 'cannot be read from "#" on'],
    [
      'body.detail-type',
      12,
      'cannot be read from "-" on: a name with other characters than A-Z a-z 0-9 _ goes in double quotes',
    ],
    ['body.größe', 8, 'cannot be read from "ö" on: a name with other characters'],
    ['"🚚".x #', 7, 'cannot be read from "#" on'],
    ['body[::0]', 1, 'step cannot be 0'],
    ['"a\\x"', 1, 'Bad escaped character'],
    ['"length"(body)', 1, 'quoted identifiers cannot be used as a function name'],
  ])('%j says where and what is wrong', (expression, column, reason) => {
    const [fault, ...more] = expressionFaults(expression);
    expect(fault?.reason).toContain(reason);
    expect({ column: fault?.column, more }).toEqual({ column, more: [] });
  });

  test('says so too when its brackets are nested too deeply', () => {
    expect(expressionFaults(`${'['.repeat(20_000)}a${']'.repeat(20_000)}`)).toHaveLength(1);
  });
});

test('an expression is asked for all that would make it fail or find nothing, whatever the record', () => {
  const reasons = expressionFaults('lenght(body) || boddy || !body.test').map(({ reason }) => reason);
  expect(reasons).toEqual([
    expect.stringContaining('no function "lenght"'),
    expect.stringContaining('no "boddy"'),
    expect.stringContaining('write !(body.test)'),
  ]);
});

test.each([
  'body.x',
  'sort(body.list)',
  "join(',', body.list)",
  'body.constructor',
  'body.__proto__',
  'body.a.*.b[] | [0]',
])('%s has no fault, though an empty record has nothing of it', (expression) => {
  expect(expressionFaults(expression)).toEqual([]);
});

describe('what an expression finds', () => {
  const data = { body: { list: ['b', 'a'], zero: 0, no: false, empty: '' } };

  test.each<[string, unknown]>([
    ['body.list[0]', 'b'],
    ['body.missing', null],
    ['body.list.x', null],
    ['body.zero', 0],
    ["contains(body.list, 'a')", true],
    ["contains(body.list, 'c')", false],
    ["contains(body.list[0], 'c')", false],
    ['not_null(body.missing, body.zero)', 0],
    ['not_null(body.missing, body.no)', false],
    ['not_null(body.missing)', null],
    ['map(&@, [body.zero, body.no, body.empty, body.missing])', [0, false, '', null]],
    ['sort(body.list)', ['a', 'b']],
    ['powertools_json(\'{"a":1}\').a', 1],
    ["powertools_base64('YQ==')", 'a'],
    ["powertools_base64('8J+amu+/vQ==')", '🚚\ufffd'],
    ["length('Größe 🚚')", 7],
    ["reverse('a🚚b')", 'b🚚a'],
    ['length(body.list)', 2],
    ['length(body)', 4],
    ['avg(`[]`)', null],
    ["avg(body.missing || `[]`) || 'none'", 'none'],
    ['sort(`["b","a","B","A"]`)', ['A', 'B', 'a', 'b']],
    ['sort(`[10,9,-1]`)', [-1, 9, 10]],
    ['sort(`[]`)', []],
    ['max(`["b","B"]`)', 'b'],
    ['min(`["b","B"]`)', 'B'],
    ['sort_by(`[{"n":10},{"n":9}]`, &n)', [{ n: 9 }, { n: 10 }]],
    ['max_by(`[{"n":"b"},{"n":"B"}]`, &n)', { n: 'b' }],
    ['contains(`[{"a":[1]},2]`, `{"a":[1]}`)', true],
    ['contains(`[{"a":[1]},2]`, `{"a":[2]}`)', false],
    ['contains(`[[1,2]]`, `[1,2]`)', true],
    ['merge(`{"a":1}`, body.missing, `{"b":2}`)', { a: 1, b: 2 }],
    ['type(body.missing > `1`)', 'null'],
    ['to_string(body.missing > `1`)', 'null'],
  ])('of %s is %j', (expression, value) => {
    expect(evaluate(expression, data)).toEqual(value);
  });

  test.each([
    "merge(body, 'text')",
    'merge(body, body.list)',
    'merge(body, body.zero)',
    'sort(`["b",1]`)',
    'sort(`[1,"b"]`)',
    'sort(`[null]`)',
    'max(`["a",null]`)',
    'max(`[{"a":1}]`)',
    'min(`[true,false]`)',
    'sort_by(`[{"n":"b"},{"n":1}]`, &n)',
    'max_by(`[{"n":"b"},{"n":1}]`, &n)',
    'min_by(`[{"n":1},{"n":"b"}]`, &n)',
  ])('of %s is an error: it compares or merges what does not go together', (expression) => {
    expect(() => evaluate(expression, data)).toThrow(/^Invalid argument type for function/);
  });

  test('of the largest of very many numbers is that number', () => {
    const body = Array.from({ length: 300_000 }, (_, index) => index);
    expect([evaluate('max(body)', { body }), evaluate('min(body)', { body })]).toEqual([299_999, 0]);
  });

  describe('with a name that every object of JavaScript has', () => {
    test.each<[string, unknown]>([
      ['constructor', null],
      ['body.list.length', null],
      ['body.constructor', null],
      ['body.toString', null],
      ['body.__proto__', null],
      ['body."__proto__"', null],
      ["body.constructor || 'none'", 'none'],
      ['not_null(body.valueOf, body.zero)', 0],
      ['body.constructor == `null`', true],
      ['!(body.constructor)', true],
      ['!constructor', true],
      ['body.constructor.name', null],
      ['body.constructor[0]', null],
      ['[body][?constructor]', []],
      ['[body][].toString', []],
      ['map(&hasOwnProperty, [body])', [null]],
      ["powertools_json('{}').constructor || 'none'", 'none'],
      ["{a: body}.constructor || 'none'", 'none'],
    ])('%s is %j: the record has no such field', (expression, value) => {
      expect(evaluate(expression, data)).toEqual(value);
    });

    test.each<[string, unknown]>([
      ['body.constructor', 'Ferrari'],
      ['body."constructor"', 'Ferrari'],
      ['body.__proto__.a', 1],
      ["[body][?constructor == 'Ferrari'].toString[0] | [0]", 'x'],
      ['{constructor: body.constructor}', { constructor: 'Ferrari' }],
      ["body.constructor == 'constructor'", false],
    ])('%s is %j: the record has it', (expression, value) => {
      const body: unknown = JSON.parse('{"constructor":"Ferrari","__proto__":{"a":1},"toString":["x"]}');
      expect(evaluate(expression, { body })).toEqual(value);
    });

    test('an error tells of the expression as it was written', () => {
      const sum = () => evaluate("sum(body.constructor) || '$&'", { body: { constructor: 'Ferrari' } });
      expect(sum).toThrow("in expression: sum(body.constructor) || '$&'");
    });

    test('bytes have none of the names that they have for JavaScript', () => {
      const seen = { body: new Uint8Array([0xff]) };
      expect(evaluate("body.toJSON || 'none'", seen)).toBe('none');
      expect(evaluate("body.constructor || 'none'", seen)).toBe('none');
    });
  });

  test('is the same each time, for functions leave record and literals as they are', () => {
    for (let times = 0; times < 3; times++) {
      expect(evaluate('reverse(body.list)', data)).toEqual(['a', 'b']);
      expect(evaluate('sort(`["b","a"]`)', data)).toEqual(['a', 'b']);
      expect(evaluate('reverse(`[1,2]`)', data)).toEqual([2, 1]);
      expect(data.body.list).toEqual(['b', 'a']);
    }
  });

  test.each([
    ["powertools_json('{')", 'powertools_json() failed: '],
    ["powertools_base64_gzip('YQ==')", 'powertools_base64_gzip() failed: '],
    ["powertools_base64('//4=')", 'powertools_base64() failed: the bytes are no text in UTF-8'],
    [
      `powertools_base64_gzip('${gzipSync(Buffer.from([0xff, 0xfe])).toString('base64')}')`,
      'powertools_base64_gzip() failed: the bytes are no text in UTF-8',
    ],
    [
      `powertools_base64_gzip('${gzipSync(Buffer.alloc(33_554_433, 'a')).toString('base64')}')`,
      'powertools_base64_gzip() failed: more than 33554432 bytes come out of it',
    ],
    ['powertools_base64_gzip(body.zero)', 'Invalid argument type for function powertools_base64_gzip()'],
    ['abs(body.empty)', 'abs()'],
    ["starts_with(body.missing, 'a')", 'starts_with()'],
    ['map(&abs(@), body.list)', 'abs()'],
  ])('of %s is an error, and not nothing', (expression, message) => {
    expect(() => evaluate(expression, data)).toThrow(message);
  });

  test.each<[string, unknown]>([
    ['body.temperature > `20`', true],
    ['body.temperature == `23.399999618530273`', true],
    ['type(body.temperature)', 'number'],
    ['floor(body.temperature)', 23],
    ['sum(body.prices)', 1.3],
    ['max(body.prices)', 1],
  ])('of %s is what JavaScript computes, however many digits it wrote', (expression, value) => {
    const body = JSON.stringify({ temperature: Math.fround(23.4), prices: [0.1 + 0.2, 1] });
    expect(evaluate(expression, { body: parseExactly(body) })).toBe(value);
  });

  describe('of a binary body', () => {
    const bytes = new Uint8Array([0xff, 0, 0xfe]);
    const seen = { body: bytes, envelopes: [], id: 'm-1' };

    test.each<[string, unknown]>([
      ['body', bytes],
      ["body || 'none'", bytes],
      ["body && 'some'", 'some'],
      ["id == 'other' || body", bytes],
      ["body && id == 'other'", false],
      ['!body', false],
      ['[body, envelopes][?@] | [0]', bytes],
      ['not_null(envelopes[0], body)', bytes],
      ["not_null(body) && 'some'", 'some'],
      ['map(&(@ || id), [body])[0]', bytes],
      ['to_array(body)[0]', bytes],
      ['contains([body], body)', true],
      ['body == body', true],
      ['body == id', false],
    ])('%s: it is true, for it is not empty', (expression, value) => {
      expect(evaluate(expression, seen)).toStrictEqual(value);
    });

    test.each<[string, unknown]>([
      ["body || 'none'", 'none'],
      ['!body', true],
      ['[body][?@]', []],
    ])('%s: it is false without any bytes, as empty text is', (expression, value) => {
      expect(evaluate(expression, { body: new Uint8Array() })).toEqual(value);
    });

    test.each(['body.a', 'body.""', 'body."0"', 'body.length', 'body.* | [0]', 'body[0]', 'body.constructor'])(
      '%s: it has no fields and items',
      (expression) => {
        expect(evaluate(expression, seen)).toBeNull();
      },
    );

    test.each([
      'keys(body)',
      'values(body)',
      'merge(body)',
      'merge(`{}`, body)',
      'length(body)',
      'sum([body])',
      'abs(body)',
    ])('%s: it is no object, list or number', (expression) => {
      expect(() => evaluate(expression, seen)).toThrow('Invalid argument type');
    });

    test('within JSON is base64, as in events', () => {
      expect(JSON.stringify(evaluate('{data: body, list: [body]}', seen))).toBe('{"data":"/wD+","list":["/wD+"]}');
      expect(evaluate('to_string({data: body})', seen)).toBe('{"data":"/wD+"}');
    });
  });

  describe('of a number with more digits than JavaScript keeps', () => {
    const text = `{"id":9007199254740993,"same":9007199254740993,"next":9007199254740995,"list":[9007199254740993,1],
      "price":52.520006599999998,"text":"9007199254740993","json":"{\\"id\\":9007199254740993}"}`;
    const record = { body: parseExactly(text) };

    test.each<[string, string]>([
      ['{id: body.id}', '{"id":9007199254740993}'],
      ['to_string(body.id)', '"9007199254740993"'],
      ['to_number(body.id)', '9007199254740993'],
      ['to_number(body.text)', '9007199254740993'],
      ['powertools_json(body.json)', '{"id":9007199254740993}'],
      ['reverse(body.list)', '[1,9007199254740993]'],
      ['body.none || body.id', '9007199254740993'],
      ['type(body.id)', '"number"'],
      ['body.id == body.same', 'true'],
      ['body.id == body.next', 'false'],
      ['contains(body.list, body.same)', 'true'],
      ['contains(body.list, body.next)', 'false'],
      ["contains(body.text, '900')", 'true'],
      ['body.id == to_number(body.text)', 'true'],
      ['body.id == body.text', 'false'],
      ['body.id == `9007199254740993`', 'false'],
      ["to_string(body.id) == '9007199254740993'", 'true'],
      ['body.id > `5`', 'true'],
      ['body.id <= `5`', 'false'],
      ['`5` < body.id', 'true'],
      ['body.list[?@ > `0`]', '[9007199254740993,1]'],
      ['[body][?id > `5` && list[1] < id] | [0].text', '"9007199254740993"'],
      ['[body][?`1` < id].{a: id >= `1`, b: list[0]}', '[{"a":true,"b":9007199254740993}]'],
      ['!(body.id > `5`) || length(body.list) > `1`', 'true'],
      ['map(&id > `5`, [body])', '[true]'],
      ["body.text == 'a > b' || body.id > `5`", 'true'],
      ['(body.id > `5`) == `true`', 'true'],
      ['body.id == body.same > `5`', 'null'],
      ['body.text > `5`', 'null'],
      ['body.none > `5`', 'null'],
      ['body.price > `52.5`', 'true'],
      ['!(body.id)', 'false'],
    ])('%s is %s', (expression, json) => {
      expect(JSON.stringify(evaluate(expression, record))).toBe(json);
    });

    test.each(['abs', 'ceil', 'floor'])('%s() fails, for it would have to round', (name) => {
      expect(() => evaluate(`${name}(body.id)`, record)).toThrow(`${name}() failed: 9007199254740993 has more digits`);
    });

    test.each(['sum', 'avg', 'max', 'min', 'sort'])('%s() fails, wherever in a list it is', (name) => {
      for (const list of ['body.list', 'reverse(body.list)', '[body.id]', '[body.id, body.next]']) {
        expect(() => evaluate(`${name}(${list})`, record)).toThrow(
          `${name}() failed: 9007199254740993 has more digits`,
        );
      }
    });

    test.each(['sort_by', 'max_by', 'min_by'])('%s() fails where it should be the measure', (name) => {
      expect(() => evaluate(`${name}([body], &id)`, record)).toThrow(`${name}(), expected "string" but found "object"`);
    });

    test.each(['keys(body.id)', 'values(body.id)', 'merge(body.id)', 'merge(body, body.id)', 'length(body.id)'])(
      '%s fails as for any number',
      (expression) => {
        expect(() => evaluate(expression, record)).toThrow('but found "number"');
      },
    );
  });

  test.each<[string, number | null]>([
    ['12', 12],
    ['-1.50', -1.5],
    ['1e3', 1000],
    ['0.30000000000000004', 0.30000000000000004],
    ['', null],
    [' ', null],
    ['0x10', null],
    ['Infinity', null],
    ['+1', null],
    ['007', null],
    ['.5', null],
    ['12 ', null],
    ['twelve', null],
  ])('of to_number(%j) is %j: only text that is a number of JSON has one', (text, number) => {
    expect(evaluate('to_number(body)', { body: text })).toBe(number);
  });

  test.each(['`true`', '`null`', '`[]`', '`{}`'])('of to_number(%s) is nothing', (value) => {
    expect(evaluate(`to_number(${value})`, {})).toBeNull();
  });
});

test.each<[unknown, boolean]>([
  [null, false],
  [false, false],
  ['', false],
  [[], false],
  [{}, false],
  [new Uint8Array(), false],
  [true, true],
  [0, true],
  ['0', true],
  [[null], true],
  [{ a: null }, true],
  [new Uint8Array([0]), true],
  [parseExactly('12345678901234567890'), true],
])('%j counts as JMESPath has it: %s', (value, truth) => {
  expect(isTruthy(value)).toBe(truth);
});
