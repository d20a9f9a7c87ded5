import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InvocationResult } from '../../../local/lambda/invocation-result.ts';
import { type BundledFunction, bundledFunction, sample } from '../bundled-function.ts';

let sqs: BundledFunction;

beforeAll(() => {
  sqs = bundledFunction('sqs');
});

afterAll(() => sqs[Symbol.dispose]());

/** The SQS function with a mapping. */
const start = (mapping: unknown) =>
  sqs.start({ ROCKETMQ_MAPPING: typeof mapping === 'string' ? mapping : JSON.stringify(mapping) });

/** JSON lines of an invocation's log. */
function logged(result: InvocationResult): Record<string, unknown>[] {
  return result.log.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

const metricsOf = (result: InvocationResult) => logged(result).filter((line) => '_aws' in line);
const nothingFailed = { status: 'ok', payload: { batchItemFailures: [] } };

describe('the SQS function with a mapping', () => {
  test('opens notifications of SNS and maps what is in them', async () => {
    const { Records } = sample<SQSEvent>('sqs', 'sns-in-sqs');
    await using started = await start({
      unwrap: 'sns',
      tag: 'properties.eventType',
      keys: 'body.orderId',
      shardingKey: 'body.orderId',
      properties: { from: 'envelopes[0].TopicArn' },
    });
    expect(await started.host.invoke({ Records })).toMatchObject(nothingFailed);
    const [stored] = await started.readBack();
    expect(stored?.body.toString()).toBe('{"orderId":"o-4001"}');
    expect(stored?.properties).toMatchObject({
      TAGS: 'OrderPlaced',
      KEYS: `${Records[0]?.messageId} o-4001`,
      __SHARDINGKEY: 'o-4001',
      eventType: 'OrderPlaced',
      from: 'arn:aws:sns:eu-west-1:123456789012:orders',
    });
  });

  test('opens events of EventBridge, and sends their detail', async () => {
    await using started = await start({ unwrap: 'eventbridge', tag: 'properties."aws.detailType"' });
    expect(await started.host.invoke(sample('sqs', 'eventbridge-in-sqs'))).toMatchObject(nothingFailed);
    const [stored] = await started.readBack();
    expect(stored?.body.toString()).toBe('{"orderId":"o-4002"}');
    expect(stored?.properties).toMatchObject({ TAGS: 'OrderPlaced', 'aws.detailType': 'OrderPlaced' });
  });

  test('sends each object of a notification of S3, and filters the test notification', async () => {
    await using started = await start({ unwrap: ['sns', 's3'] });
    const { Records } = sample<SQSEvent>('sqs', 's3-in-sns-in-sqs');
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject(nothingFailed);
    const stored = await started.readBack();
    expect(stored.map(({ properties }) => properties['aws.key']).toSorted()).toEqual([
      'a+b c%2F.txt',
      'invoices/Größe XL (1).pdf',
    ]);
    expect(new Set(stored.map(({ properties }) => properties.UNIQ_KEY)).size).toBe(2);
    expect(metricsOf(result)).toMatchObject([{ MessagesSent: 2, RecordsFiltered: 1, RecordsDropped: 0 }]);
    const test = { count: 1, recordIds: [Records[1]?.messageId], function_request_id: result.requestId };
    expect(logged(result)).toContainEqual(expect.objectContaining({ message: 'records were filtered', ...test }));
  });

  test('keeps the order of a FIFO queue over records that it filters and drops', async () => {
    const event = sample<SQSEvent>('sqs', 'fifo-three-groups');
    const groups = event.Records.map(({ attributes }) => attributes.MessageGroupId);
    const ofAnna = event.Records.filter((_, index) => groups[index] === 'anna').map(({ messageId }) => messageId);
    const [, second, third] = ofAnna;
    await using started = await start({
      filter: `id != '${second}'`,
      topic: `id == '${third}' && 'no topic' || 'orders'`,
      onPermanentError: 'drop',
    });
    const result = await started.host.invoke(event);
    expect(result).toMatchObject(nothingFailed);
    const stored = await started.readBack();
    const keys = stored.map(({ properties }) => properties.KEYS);
    expect(keys).toHaveLength(event.Records.length - 2);
    expect(keys.filter((key) => ofAnna.some((id) => id === key))).toEqual(
      ofAnna.filter((id) => id !== second && id !== third),
    );
    expect(metricsOf(result)).toMatchObject([{ MessagesSent: 8, RecordsFiltered: 1, RecordsDropped: 1 }]);
  });

  test('reports what it cannot map, or drops it with a warning when it is told to', async () => {
    const { Records } = sample<SQSEvent>('sqs', 'standard');
    const [first] = Records;
    const event = {
      Records: [
        { ...first, body: '{"kind":7}' },
        { ...first, messageId: 'm-2', body: '{"kind":"orders"}' },
      ],
    };
    const fault = {
      recordId: first?.messageId,
      code: 'ROCKETMQ_MESSAGE_ILLEGAL',
      retryable: false,
      reason: 'mapping.topic (body.kind) must give text that is not empty, but gave the number 7',
    };
    await using reporting = await start({ topic: 'body.kind' });
    const reported = await reporting.host.invoke(event);
    const failures = { batchItemFailures: [{ itemIdentifier: first?.messageId }] };
    expect(reported).toMatchObject({ status: 'ok', payload: failures });
    expect(logged(reported)).toContainEqual(expect.objectContaining({ message: 'a record was not stored', ...fault }));
    await using dropping = await start({ topic: 'body.kind', onPermanentError: 'drop' });
    const dropped = await dropping.host.invoke(event);
    expect(dropped).toMatchObject(nothingFailed);
    const warning = {
      level: 'WARN',
      message: 'a record was dropped',
      ...fault,
      function_request_id: dropped.requestId,
    };
    expect(logged(dropped)).toContainEqual(expect.objectContaining(warning));
    expect(metricsOf(dropped)).toMatchObject([{ MessagesSent: 1, RecordsDropped: 1, MessagesNotSent: 0 }]);
    expect(await dropping.readBack()).toHaveLength(1);
  });

  test('that is wrong fails every invocation with all its faults, and takes nothing for done', async () => {
    await using started = await start('{"topc":"body.kind","keys":["body.orderId","body["]}');
    for (let deliveries = 0; deliveries < 2; deliveries++) {
      const result = await started.host.invoke(sample('sqs', 'standard'));
      expect(result).toMatchObject({
        status: 'error',
        errorType: 'ROCKETMQ_OPTIONS',
        errorMessage:
          'ROCKETMQ_MAPPING: mapping.topc is unknown (did you mean "topic"?); mapping.keys[1]: column 6 of "body[": it ends too early',
      });
      expect(result.leftBehind).not.toContain('Timeout');
    }
    expect(await started.readBack()).toEqual([]);
  });
});

test('without a mapping the code for mappings is not loaded, nor even JMESPath', () => {
  const eager = sqs.report.eagerPackages.map(({ name }) => name);
  expect(eager).not.toContain('@aws-lambda-powertools/jmespath');
  expect(sqs.report.lazyPackages.map(({ name }) => name)).toContain('@aws-lambda-powertools/jmespath');
  const mapping = sqs.report.eagerPackages.find(({ name }) => name === 'functions/mapping');
  expect(mapping?.files).toEqual(['functions/mapping/mapped-target.ts']);
});

test.each(['direct', 'http'])('the function %s refuses a mapping, which would have no effect', async (source) => {
  using bundle = bundledFunction(source);
  await using started = await bundle.start({ ROCKETMQ_MAPPING: '{"tag":"body.kind"}' });
  const event = source === 'http' ? sample('http', 'http-api') : sample('direct', 'plain');
  const result = await started.host.invoke(event);
  expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_OPTIONS' });
  expect(JSON.stringify(result)).toContain(`the function ${source} takes none`);
  expect(bundle.report.lazyPackages.map(({ name }) => name)).not.toContain('@aws-lambda-powertools/jmespath');
});
