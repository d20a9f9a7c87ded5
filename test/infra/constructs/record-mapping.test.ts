import { Lazy, type Stack } from 'aws-cdk-lib';
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

const whole: Required<RecordMapping> = {
  topic: { literal: 'orders' },
  body: 'body.detail',
  tag: 'body.kind',
  keys: ['body.id', { literal: 'all' }],
  shardingKey: 'body.customer',
  properties: { channel: { literal: 'web' }, total: 'body.total' },
  deliverAt: 'body.when',
  delayMs: 5000,
  delayLevel: 3,
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
    expect(errorsOf(stack)).toEqual([expect.stringContaining('[rocketmq-lambda:mapping] mapping has a field "topc"')]);
  });

  test.each(['http', 'direct', 'schedule', 'transaction-check'])('when the function is %s', (source) => {
    expect(mappingFaults({}, source)).toMatchObject([{ text: expect.stringContaining(`${source} takes no mapping`) }]);
  });

  test('when the mapping is longer than the environment of a function may be', () => {
    expect(mappingFaults({ body: `'${'x'.repeat(4100)}'` }, 'sqs')).toMatchObject([
      { text: expect.stringContaining('4096 bytes of environment variables') },
    ]);
    const unknownYet = Lazy.string({ produce: () => 'body.kind' });
    expect(mappingFaults({ tag: unknownYet }, 'sqs')).toEqual([]);
  });
});

test('no mapping has no fault anywhere', () => {
  for (const source of ['sqs', 'http']) expect(mappingFaults(undefined, source)).toEqual([]);
});
