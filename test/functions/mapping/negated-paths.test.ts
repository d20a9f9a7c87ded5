import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate } from '../../../functions/mapping/expression.ts';
import { negatedPaths } from '../../../functions/mapping/negated-paths.ts';

test.each<[string, number, string]>([
  ['!body.test', 1, '"!" takes "body" alone: write !(body.test)'],
  ["body.kind == 'order' && !body.test", 25, '"!" takes "body" alone: write !(body.test)'],
  ["!body.a.b[0].c == 'x'", 1, '"!" takes "body" alone: write !(body.a.b[0].c)'],
  ['! body . test', 1, '"!" takes "body" alone: write !(body . test)'],
  ['!"body".test', 1, '"!" takes ""body"" alone: write !("body".test)'],
  ['!@.test', 1, '"!" takes "@" alone: write !(@.test)'],
  ['!!body.test', 1, '"!" takes "body" alone: write !!(body.test)'],
  ['!body.*', 1, '"!" takes "body" alone: write !(body.*)'],
  ['!body.[a, b]', 1, '"!" takes "body" alone: write !(body.[a, b])'],
  ['!body.{a: b}', 1, '"!" takes "body" alone: write !(body.{a: b})'],
  ["!body[?a == ']'].b", 1, '"!" takes "body" alone: write !(body[?a == \']\'].b)'],
  ['!body[0].test', 1, '"!" takes "body[0]" alone: write !(body[0].test)'],
  ['!body[].test', 1, '"!" takes "body" alone: write !(body[].test)'],
  ['!body[*].a[]', 1, '"!" takes "body[*].a" alone: write !(body[*].a[])'],
  ['!body[*].{a: b}.a', 1, '"!" takes "body[*].{a: b}" alone: write !(body[*].{a: b}.a)'],
  ['!(body).test', 1, '"!" takes "(body)" alone: write !((body).test)'],
  ['!keys(body)[?@]', 1, '"!" takes "keys(body)" alone: write !(keys(body)[?@])'],
  ['envelopes[?!a.b]', 12, '"!" takes "a" alone: write !(a.b)'],
  ['map(&!a.b, body)', 6, '"!" takes "a" alone: write !(a.b)'],
  ['{a: body && !id.x, b: id}', 13, '"!" takes "id" alone: write !(id.x)'],
])('%s asks true or false for what only the record has', (expression, column, reason) => {
  expect(negatedPaths(expression)).toEqual([{ column, reason }]);
});

test.each([
  '!body',
  '!(body.test)',
  '!(body.a || (body.b))',
  '!body[0]',
  '!body[-1][0]',
  '!body[*].a',
  '!body[1:].a[?b].c',
  '!*.a',
  '!body[*].a.{b: c}.b',
  '![?a].b',
  '!keys(body)',
  '!contains(body.list, `1`)',
  '!body || body.test',
  '!body | @',
  '!body == body.test',
  'body.a != body.b',
  "'!body.test'",
  'body."!a.b"',
])('%s is let be', (expression) => {
  expect(negatedPaths(expression)).toEqual([]);
});

test('all of them in an expression are found', () => {
  expect(negatedPaths('!body.a && !id && !(!body.b)').map(({ column }) => column)).toEqual([1, 21]);
});

test('every other negation gives true or false, and those never do', () => {
  const first = fc.constantFrom('body', '"a"', '@', '*', '[0]', '[*]', '[?a]', '[]', '[1:]', '(a)', '[a, b]', '{a: b}');
  // Without slices, which the library takes for indexes where they follow one.
  const step = fc.constantFrom('.a', '."a"', '.*', '.[a, b]', '.{a: b}', '[0]', '[-1]', '[*]', '[]', '[?a]');
  fc.assert(
    fc.property(first, fc.array(step, { maxLength: 5 }), (operand, steps) => {
      const expression = `!${operand}${steps.join('')}`;
      const found = evaluate(expression, { body: { a: [{ a: [[1], [2]] }] }, a: [[3], { b: 4 }] });
      expect([expression, negatedPaths(expression).length]).toEqual([expression, typeof found === 'boolean' ? 0 : 1]);
    }),
    { numRuns: 2000 },
  );
});
