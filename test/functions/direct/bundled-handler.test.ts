import { afterAll, expect, test } from 'vitest';
import { bundledFunction, byKey, expectOwnCodeOnly, sample, sampleNames, TOPIC } from '../bundled-function.ts';

const bundled = bundledFunction('direct');
afterAll(() => bundled[Symbol.dispose]());

test('every sample event has a test here', () => {
  expect(sampleNames('direct')).toEqual(['empty', 'list', 'plain', 'poison', 'report']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('direct', bundled.report);
});

test('plain.json is one message, answered with where it is stored', async () => {
  await using started = await bundled.start();
  const result = await started.host.invoke(sample('direct', 'plain'));
  const [message] = await started.readBack();
  expect(result).toMatchObject({
    status: 'ok',
    payload: {
      status: 'stored',
      msgId: message?.properties.UNIQ_KEY,
      topic: TOPIC,
      queueId: message?.queueId,
      queueOffset: Number(message?.queueOffset),
    },
  });
  expect(message?.body.toString()).toBe('{"orderId":"o-1","größe":"XL"}');
  expect(message?.properties).toMatchObject({
    KEYS: 'order-1-placed o-1',
    TAGS: 'OrderPlaced',
    tenant: 'acme',
    'aws.source': 'direct',
    'aws.id': 'order-1-placed',
  });
});

test('plain.json invoked again has the same message id', async () => {
  await using started = await bundled.start();
  for (let calls = 0; calls < 2; calls++) await started.host.invoke(sample('direct', 'plain'));
  const ids = (await started.readBack()).map(({ properties }) => properties.UNIQ_KEY);
  expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
});

test('list.json is answered message by message; equal sharding keys keep their order', async () => {
  await using started = await bundled.start();
  const result = await started.host.invoke(sample('direct', 'list'));
  const status = 'stored';
  expect(result).toMatchObject({ status: 'ok', payload: [{ status }, { status }, { status }] });
  const stored = await started.readBack();
  const ofAnna = stored.filter(({ properties }) => properties.__SHARDINGKEY === 'anna');
  expect(ofAnna.map(({ body }) => body.toString())).toEqual(['step 1', 'step 2']);
  expect([...(byKey(stored).get('order-3-placed')?.body ?? [])]).toEqual([0, 1, 2, 3, 255]);
});

test('report.json is answered with what failed and what did not', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(sample('direct', 'report'))).toMatchObject({
    status: 'ok',
    payload: [
      { status: 'stored' },
      { status: 'failed', code: 'ROCKETMQ_MESSAGE_ILLEGAL', retryable: false, outcome: 'notSent' },
    ],
  });
});

test('poison.json fails with a name that Step Functions can match', async () => {
  await using started = await bundled.start();
  const result = await started.host.invoke(sample('direct', 'poison'));
  expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_DELIVERY_PERMANENT' });
});

test('empty.json has no results', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(sample('direct', 'empty'))).toMatchObject({ status: 'ok', payload: [] });
});
