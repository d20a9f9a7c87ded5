import type { SNSEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundledFunction, byKey, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

const bundled = bundledFunction('sns');
afterAll(() => bundled[Symbol.dispose]());

const event = (name: string) => sample<SNSEvent>('sns', name);

test('every sample event has a test here', () => {
  expect(sampleNames('sns')).toEqual(['no-attributes', 'plain', 'poison']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('sns', bundled.report);
});

test.each(['plain', 'no-attributes'])('%s.json is stored with its message as body', async (name) => {
  await using started = await bundled.start();
  const { Records } = event(name);
  expect(await started.host.invoke({ Records })).toMatchObject({ status: 'ok', payload: null });
  const stored = byKey(await started.readBack());
  for (const { Sns } of Records) {
    const message = stored.get(Sns.MessageId);
    expect(message?.body.toString()).toBe(Sns.Message);
    expect(message?.properties).toMatchObject({ 'aws.source': Sns.TopicArn, 'aws.id': Sns.MessageId });
  }
});

test('plain.json has its attributes and its subject as properties', async () => {
  await using started = await bundled.start();
  await started.host.invoke(event('plain'));
  const [message] = await started.readBack();
  expect(message?.properties).toMatchObject({
    eventType: 'OrderPlaced',
    'aws.TAGS': 'vip',
    blob: 'AAH/',
    list: '["a",1]',
    'aws.subject': 'Order placed',
  });
});

test('poison.json fails the invocation with a name that says that a retry cannot help', async () => {
  await using started = await bundled.start();
  const result = await started.host.invoke(event('poison'));
  expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_DELIVERY_PERMANENT' });
  expect(result.status === 'error' && result.errorMessage).toContain('1 of 1 records were not stored');
  expect(await started.readBack()).toEqual([]);
});

test('a cluster that refuses fails the invocation, and the next delivery has the same message id', async () => {
  await using started = await bundled.start();
  const faults = started.cluster.brokers.map((broker) => broker.faults.add({ kind: 'answer', code: 2 }));
  expect(await started.host.invoke(event('plain'))).toMatchObject({ errorType: 'ROCKETMQ_DELIVERY_FAILED' });
  for (const fault of faults) fault.remove();
  for (let deliveries = 0; deliveries < 2; deliveries++) {
    expect(await started.host.invoke(event('plain'))).toMatchObject({ status: 'ok' });
  }
  const ids = (await started.readBack()).map(({ properties }) => properties.UNIQ_KEY);
  expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
});
