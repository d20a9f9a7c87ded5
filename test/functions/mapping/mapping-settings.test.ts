import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OptionsError } from '#rocketmq';
import { mappingFaults, mappingFields, readMappingSettings } from '../../../functions/mapping/mapping-settings.ts';

/** Faults of a mapping, without what they all begin with. */
function faultsOf(mapping: unknown): readonly string[] {
  try {
    readMappingSettings(typeof mapping === 'string' ? mapping : JSON.stringify(mapping));
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    expect(error).toMatchObject({ code: 'ROCKETMQ_OPTIONS', retryable: false, outcome: 'notSent' });
    expect(error.message).toBe(`ROCKETMQ_MAPPING: ${error.faults.join('; ')}`);
    return error.faults;
  }
  return [];
}

describe('a mapping', () => {
  test.each<[string, unknown]>([
    ['with nothing', {}],
    [
      'of expressions',
      { topic: 'body.a', body: 'body', tag: 'id', keys: 'at', shardingKey: 'source', filter: 'record' },
    ],
    ['of literals', { topic: { literal: 'orders' }, body: { literal: { a: 1 } }, delayMs: 5, filter: true }],
    ['with several keys', { keys: ['id', { literal: 'b' }, 7, { literal: ['c', 'd'] }] }],
    ['with properties of any name', { properties: { a: 'id', 'a b': 'id', constructor: 'id', 'aws.subject': 'id' } }],
    ['with an instant', { deliverAt: { literal: '2026-10-28T09:00:00+01:00' } }],
    ['with one envelope', { unwrap: 'sns' }],
    ['with several envelopes', { unwrap: ['sns', 's3'] }],
    ['that drops', { onPermanentError: 'drop' }],
    ['with numbers of many digits', '{"tag":12345678901234567890,"properties":{"a":{"literal":12345678901234567890}}}'],
    ['with a literal of nothing', { tag: { literal: null } }],
    ['with the highest level and a key of blanks', { delayLevel: 18, keys: { literal: 'a b' } }],
    ['with the longest delay', { delayMs: 259_200_000 }],
    ['with delays of which each record has one', { delayMs: 'body.wait', deliverAt: 'body.when' }],
    ['with one delay beside nothing', { delayLevel: 3, delayMs: { literal: null }, deliverAt: { literal: '' } }],
  ])('%s is read', (_what, mapping) => {
    expect(faultsOf(mapping)).toEqual([]);
  });

  test.each<[unknown, string]>([
    ['{"tag"}', 'mapping: line 1, column 7: ":" is missing: found "}"'],
    ['{"tag":"a",\n "tag":"b"}', 'mapping.tag: line 2, column 2: the name is there twice'],
    [[], 'mapping is a list, but must be an object'],
    ['"topic"', 'mapping is the text "topic", but must be an object'],
    [{ topc: 'a' }, 'mapping.topc is unknown (did you mean "topic"?)'],
    [{ whatever: 'a' }, `mapping.whatever is unknown: known are ${mappingFields.join(', ')}`],
    [{ tag: 'body.' }, 'mapping.tag: column 6 of "body.": it ends too early'],
    [
      { tag: 'lenght(id)' },
      'mapping.tag: column 1 of "lenght(id)": there is no function "lenght" (did you mean "length"?)',
    ],
    [{ tag: 'boddy.kind' }, 'mapping.tag: column 1 of "boddy.kind": a record has no "boddy" (did you mean "body"?)'],
    ['{"delayMs":12345678901234567890}', 'mapping.delayMs is the number 12345678901234567890, but must be a number'],
    [{ tag: null }, 'mapping.tag is nothing: write an expression as text, or {"literal": …}'],
    [{ tag: ['a'] }, 'mapping.tag is a list: write an expression as text, or {"literal": …}'],
    [{ tag: { litral: 'a', literal: 'b' } }, 'mapping.tag.litral is unknown (did you mean "literal"?)'],
    [{ tag: {} }, 'mapping.tag has no "literal": write an expression as text, or {"literal": …}'],
    [{ topic: { literal: '' } }, 'mapping.topic is empty text, but must be text that is not empty'],
    [{ topic: 7 }, 'mapping.topic is the number 7, but must be text that is not empty'],
    [{ topic: { literal: 'a b' } }, 'mapping.topic: topic "a b" may hold only letters, digits, "%", "|", "-" and "_"'],
    [{ delayMs: { literal: '5' } }, 'mapping.delayMs is the text "5", but must be a number'],
    [
      { deliverAt: { literal: 'soon' } },
      'mapping.deliverAt is the text "soon", but must be epoch milliseconds, or a time',
    ],
    [{ delayLevel: 99 }, 'mapping.delayLevel: delayLevel is 99, but must be a whole number from 1 to 18'],
    [{ delayLevel: 0 }, 'mapping.delayLevel: delayLevel is 0, but must be a whole number from 1 to 18'],
    [{ delayMs: -5 }, 'mapping.delayMs: delayMs is -5, but must be a whole number above 0'],
    [{ delayMs: { literal: 1.5 } }, 'mapping.delayMs: delayMs is 1.5, but must be a whole number above 0'],
    [{ delayMs: 999_999_999_999 }, 'mapping.delayMs: delayMs is 999999999999 ms from now, over the limit of 259200000'],
    [{ deliverAt: -1 }, 'mapping.deliverAt: deliverAt is -1, but must be a whole number above 0'],
    [{ delayLevel: 3, delayMs: 5 }, 'mapping.delayMs: give one of delayMs and delayLevel, not several'],
    [
      { delayLevel: { literal: 3 }, delayMs: 'body.wait' },
      'mapping.delayMs: give one of delayMs and delayLevel, not several',
    ],
    [{ delayLevel: 3, deliverAt: 'body.when' }, 'mapping.deliverAt: give one of deliverAt and delayLevel, not several'],
    [{ tag: { literal: 'a\u0001' } }, 'mapping.tag: it holds \\u0001 or \\u0002, which separate properties'],
    [{ shardingKey: { literal: '\u0002' } }, 'mapping.shardingKey: it holds \\u0001 or \\u0002'],
    [{ keys: ['id', { literal: ['a', 'b\u0001'] }] }, 'mapping.keys[1]: it holds \\u0001 or \\u0002'],
    [{ properties: { a: { literal: '\u0002b' } } }, 'mapping.properties.a: it holds \\u0001 or \\u0002'],
    [{ tag: { literal: '\ud83d' } }, 'mapping.tag: it holds half of a surrogate pair, which has no UTF-8'],
    [{ body: { literal: 'a\ude9a' } }, 'mapping.body: it holds half of a surrogate pair, which has no UTF-8'],
    [{ body: { literal: '' } }, 'mapping.body is empty text, but must be a body'],
    [{ shardingKey: { literal: null } }, 'mapping.shardingKey is nothing, but must be text or a number'],
    [{ keys: ['id', 'b['] }, 'mapping.keys[1]: column 3 of "b[": it ends too early'],
    [{ keys: { literal: [{}] } }, 'mapping.keys is a list, but must be text, a number, or a list of those'],
    [{ properties: 'a' }, 'mapping.properties is the text "a", but must be an object'],
    [{ properties: { KEYS: 'id' } }, 'mapping.properties.KEYS: RocketMQ reserves this name: choose another'],
    [{ properties: { 'aws.id': 'id' } }, 'mapping.properties["aws.id"]: the function sets this property itself'],
    [{ properties: { '': 'id' } }, 'mapping.properties[""]: the name of a property must not be empty'],
    [{ properties: { 'a\u0001': 'id' } }, 'mapping.properties["a\\u0001"]: the name holds \\u0001 or \\u0002'],
    [{ properties: { a: 'b c' } }, 'mapping.properties.a: column 3 of "b c": "c" is not expected here'],
    [
      { properties: { a: { literal: {} } } },
      'mapping.properties.a is an object, but must be text, a number, true or false',
    ],
    [
      { unwrap: 'SNS' },
      'mapping.unwrap is the text "SNS", but must be "sns", "eventbridge", "s3", or a list of those (did you mean "sns"?)',
    ],
    [{ unwrap: ['sns', 5] }, 'mapping.unwrap is the number 5, but must be "sns"'],
    [{ onPermanentError: 'Drop' }, 'mapping.onPermanentError is the text "Drop", but must be "report" or "drop"'],
  ])('%j is refused, with the path of the fault', (mapping, fault) => {
    const faults = faultsOf(mapping);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  test('has all its faults told at once', () => {
    const mapping = { topc: 'a', tag: 'b[', keys: ['id', 'd('], properties: { KEYS: 'id', f: [] }, unwrap: 'g' };
    expect(faultsOf(mapping).map((fault) => fault.split(/[: ]/)[0])).toEqual([
      'mapping.topc',
      'mapping.unwrap',
      'mapping.tag',
      'mapping.keys[1]',
      'mapping.properties.KEYS',
      'mapping.properties.f',
    ]);
  });
});

describe('a Node that rounds the numbers of JSON, which those before 22 do,', () => {
  const { rawJSON, isRawJSON } = JSON as typeof JSON & { rawJSON: unknown; isRawJSON: unknown };
  beforeEach(() => {
    Object.assign(JSON, { rawJSON: undefined, isRawJSON: undefined });
  });
  afterEach(() => {
    Object.assign(JSON, { rawJSON, isRawJSON });
  });

  test('is told of before any record is read', () => {
    expect(faultsOf({})).toEqual(['a mapping needs Node 22 or later, which keeps all digits of a number']);
  });

  test('can check a mapping for a function that runs on another', () => {
    expect(mappingFaults('{"tag":"body.kind","delayMs":5}')).toEqual([]);
    expect(mappingFaults('{"delayMs":true,"tag":{"literal":{}}}')).toEqual([
      'mapping.tag is an object, but must be text, a number, true or false (to_string(…) makes text of anything)',
      'mapping.delayMs is true, but must be a number (of text, to_number(…) makes one)',
    ]);
  });
});
