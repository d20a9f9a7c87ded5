import type { S3Event } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundledFunction, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

const bundled = bundledFunction('s3');
afterAll(() => bundled[Symbol.dispose]());

const event = (name: string) => sample<S3Event>('s3', name);

test('every sample event has a test here', () => {
  expect(sampleNames('s3')).toEqual(['empty', 'key-encoding', 'plain', 'poison', 'removed']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('s3', bundled.report);
});

test.each([
  ['plain', ['invoices/2026/o-1.pdf']],
  ['key-encoding', ['invoices/Größe XL (1).pdf', 'a+b c%2F.txt', '数量 🚚.json']],
  ['removed', ['invoices/2026/o-1.pdf']],
])('%s.json is stored as JSON, with the decoded key as a property', async (name, keys) => {
  await using started = await bundled.start();
  const { Records } = event(name);
  expect(await started.host.invoke({ Records })).toMatchObject({ status: 'ok', payload: null });
  const stored = await started.readBack();
  const bodies = stored.map(({ body }) => JSON.parse(body.toString()));
  expect(bodies).toHaveLength(Records.length);
  expect(bodies).toEqual(expect.arrayContaining(Records));
  expect(stored.map(({ properties }) => properties['aws.key']).toSorted()).toEqual(keys.toSorted());
  for (const { properties } of stored) {
    expect(properties).toMatchObject({ 'aws.source': 'arn:aws:s3:::orders-bucket', 'aws.bucket': 'orders-bucket' });
    expect(properties['aws.eventName']).toBe(Records[0]?.eventName);
    expect(properties.KEYS).toBe(properties['aws.id']);
  }
});

test('poison.json fails the invocation, while the sound record of it is stored', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(event('poison'))).toMatchObject({ errorType: 'ROCKETMQ_DELIVERY_PERMANENT' });
  expect((await started.readBack()).map(({ properties }) => properties['aws.key'])).toEqual(['sound.txt']);
});

test('empty.json has nothing to do', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(event('empty'))).toMatchObject({ status: 'ok', payload: null });
});
