import type { Stack } from 'aws-cdk-lib';
import { Lazy } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { CompiledMapping } from '../../../functions/mapping/compiled-mapping.ts';
import { mappingFields as functionFields } from '../../../functions/mapping/mapping-settings.ts';
import {
  mappingFaults,
  mappingFields,
  mappingText,
  type RecordMapping,
} from '../../../infra/constructs/record-mapping.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { SqsToRocketMq } from '../../../infra/constructs/sqs-to-rocketmq.ts';
import { errorsOf, testStack } from '../test-app.ts';

/** With every field. Those that delay a message are expressions, since only one of them may be a constant, and then alone. */
const whole: Required<RecordMapping> = {
  topic: { literal: 'orders' },
  body: 'body.detail',
  tag: 'body.kind',
  keys: ['body.id', { literal: 'all' }],
  shardingKey: 'body.customer',
  properties: { channel: { literal: 'web' }, total: 'body.total' },
  deliverAt: 'body.when',
  delayMs: 'body.wait',
  delayLevel: 'body.level',
  filter: true,
  unwrap: ['sns', 's3'],
  onPermanentError: 'drop',
};

function sqsIn(stack: Stack, mapping: RecordMapping): SqsToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new SqsToRocketMq(stack, 'Orders', { cluster, topic: 'orders', producerGroup: 'orders-from-sqs', mapping });
}

test('has the fields that the function knows, and the function reads what it writes', () => {
  expect(mappingFields.toSorted()).toEqual(functionFields.toSorted());
  expect(Object.keys(whole).toSorted()).toEqual(functionFields.toSorted());
  expect(() => new CompiledMapping(mappingText(whole))).not.toThrow();
});

test('reaches the function of a source through its construct', () => {
  const stack = testStack();
  sqsIn(stack, whole);
  const variables = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function')).map(
    ({ Properties }) => Properties.Environment?.Variables?.ROCKETMQ_MAPPING,
  );
  expect(variables).toContain(JSON.stringify(whole));
  expect(errorsOf(stack)).toEqual([]);
});

describe('synth ends with an error', () => {
  test('when a field is unknown', () => {
    const stack = testStack();
    sqsIn(stack, JSON.parse('{"topc":"body.kind"}'));
    expect(errorsOf(stack)).toEqual([
      expect.stringContaining('[rocketmq-lambda:mapping] mapping.topc is unknown (did you mean "topic"?).'),
    ]);
  });

  test.each<[string, readonly string[]]>([
    ['{"tag":"body.[kind"}', ['mapping.tag: column 11 of "body.[kind": it ends too early.']],
    ['{"filter":"bdy.x"}', ['mapping.filter: column 1 of "bdy.x": a record has no "bdy" (did you mean "body"?).']],
    ['{"onPermanentError":"dorp"}', ['mapping.onPermanentError is the text "dorp", but must be "report" or "drop".']],
    [
      '{"unwrap":"snss","keys":7,"filter":{"literl":1}}',
      [
        'mapping.unwrap is the text "snss", but must be "sns", "eventbridge", "s3", or a list of those (did you mean "sns"?).',
        'mapping.filter.literl is unknown (did you mean "literal"?).',
        'mapping.filter has no "literal": write an expression as text, or {"literal": …}.',
      ],
    ],
    ['"{}"', ['mapping is the text "{}", but must be an object.']],
    ['null', ['mapping is nothing, but must be an object.']],
  ])('when the function would refuse %s, with all it would say', (mapping, texts) => {
    const stack = testStack();
    sqsIn(stack, JSON.parse(mapping));
    expect(errorsOf(stack)).toEqual(texts.map((text) => expect.stringContaining(`[rocketmq-lambda:mapping] ${text}`)));
  });

  test('when a field is unknown beside a value that only deployment knows, whose expressions nobody can check', () => {
    const unknownYet = Lazy.string({ produce: () => 'body.kind' });
    expect(mappingFaults(Object.assign({ tag: unknownYet }, { topc: 'body.[' }), 'sqs')).toMatchObject([
      { text: expect.stringContaining('mapping has a field "topc"') },
    ]);
  });

  test.each(['http', 'direct', 'schedule', 'transaction-check'])('when the function is %s', (source) => {
    expect(mappingFaults({}, source)).toMatchObject([{ text: expect.stringContaining(`${source} takes no mapping`) }]);
  });

  test.each([125, 500])('when a mapping with %d properties leaves no room for the other variables', (count) => {
    const stack = testStack();
    const numbers = Array.from({ length: count }, (_, index) => index);
    sqsIn(stack, { properties: Object.fromEntries(numbers.map((n) => [`property${n}`, `body.someField${n}`])) });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:environment-size\] .* 4096.* ROCKETMQ_MAPPING, /),
    ]);
  });
});

test('expressions of a mapping with a value that only deployment knows are left to the function', () => {
  const unknownYet = Lazy.string({ produce: () => 'body.kind' });
  for (const tag of [unknownYet, { literal: Lazy.any({ produce: () => 'a' }) }, Lazy.number({ produce: () => 5 })]) {
    expect(mappingFaults({ tag, body: 'body.[' }, 'sqs')).toEqual([]);
  }
});

test('no mapping has no fault anywhere', () => {
  for (const source of ['sqs', 'http']) expect(mappingFaults(undefined, source)).toEqual([]);
});
