import { expect, test } from 'vitest';
import { expressionData } from '../../../functions/mapping/decoded-record.ts';
import { recordNames, unknownNames } from '../../../functions/mapping/unknown-names.ts';

test('the names are those that expressions see', () => {
  const content = { source: undefined, id: 'm-1', at: 0, body: 'x', record: {} };
  expect(Object.keys(expressionData({ content, body: 'x', envelopes: [] })).toSorted()).toEqual(recordNames.toSorted());
});

test.each<[string, number, string]>([
  ['boddy.kind', 1, 'a record has no "boddy" (did you mean "body"?)'],
  ['orderId', 1, 'a record has no "orderId": it has body, properties'],
  ["body.a || kind == 'x'", 11, 'a record has no "kind"'],
  ["join('-', [propertis.a, body.b])", 12, 'a record has no "propertis" (did you mean "properties"?)'],
  ['{id: id, name: nam}', 16, 'a record has no "nam"'],
  ['!(Body.a)', 3, 'a record has no "Body" (did you mean "body"?)'],
  ['to_string(length(kind))', 18, 'a record has no "kind"'],
  ['kind[0]', 1, 'a record has no "kind"'],
  ['kind[?a == b]', 1, 'a record has no "kind"'],
  ['kind | [0]', 1, 'a record has no "kind"'],
  ['body.a[0] && kind', 14, 'a record has no "kind"'],
  ['(body | a) && kind', 15, 'a record has no "kind"'],
  ['body.{a: b} || kind', 16, 'a record has no "kind"'],
  ['"boddy".kind', 1, 'a record has no "boddy" (did you mean "body"?)'],
  ['body.status == "paid"', 16, `a record has no "paid"; text stands in single quotes: 'paid'`],
  ['body.a == "it\\u0027s"', 11, `text stands in single quotes: 'it\\'s'`],
  ['contains(body.tags, "")', 21, `a record has no ""; text stands in single quotes: ''`],
])('%s would give nothing of any record', (expression, column, reason) => {
  const [fault, ...more] = unknownNames(expression);
  expect(more).toEqual([]);
  expect(fault?.column).toBe(column);
  expect(fault?.reason).toContain(reason);
});

test.each([
  'body',
  'body.kind.other',
  'body."a b".c',
  'body[?kind == `1` && other].c',
  'body.{a: kind, b: [other]}',
  'body.[kind, other]',
  'body | kind',
  '(body | kind)',
  'body.list[*].{a: b} | [0].a || c',
  'sort_by(body.list, &age)',
  'map(&to_string(age), body.list)',
  'body.length(list)',
  'body.keys(@)[0]',
  'body.list[].a',
  'body.*.a',
  '*.a',
  '@.body',
  '[?a]',
  '[*].a',
  "'kind'",
  '`{"kind":1}`',
  '"body".kind',
  '"\\u0062ody".kind',
  'body."kind"',
  'body[?kind == "x"]',
  '{"kind": id}',
  "starts_with(body.a, 'x') && {id: id}",
  "not_null(body.a, properties.b, 'x')",
])('%s is let be', (expression) => {
  expect(unknownNames(expression)).toEqual([]);
});
