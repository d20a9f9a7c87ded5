import { Buffer } from 'node:buffer';
import type { MSKEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundledFunction, byKey, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

const bundled = bundledFunction('kafka');
afterAll(() => bundled[Symbol.dispose]());

const event = (name: string) => sample<MSKEvent>('kafka', name);
const answer = (...failed: [partition: string, offset: number][]) => ({
  batchItemFailures: failed.map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
});

test('every sample event has a test here', () => {
  expect(sampleNames('kafka')).toEqual(['empty', 'headers', 'null-value', 'plain', 'poison', 'self-managed']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('kafka', bundled.report);
});

test.each(['plain', 'self-managed'])(
  '%s.json is stored with its bytes, known by partition and offset',
  async (name) => {
    await using started = await bundled.start();
    const { records, eventSourceArn, bootstrapServers } = event(name);
    expect(await started.host.invoke(event(name))).toMatchObject({ status: 'ok', payload: answer() });
    const stored = byKey(await started.readBack());
    const sent = Object.entries(records).flatMap(([partition, list]) =>
      list.map((record) => ({ ...record, partition })),
    );
    expect(stored.size).toBe(sent.length);
    for (const { partition, offset, value } of sent) {
      const message = stored.get(`${partition}-${offset}`);
      expect(message?.body).toEqual(Buffer.from(value, 'base64'));
      expect(message?.properties).toMatchObject({
        'aws.source': eventSourceArn ?? bootstrapServers,
        'aws.id': `${partition}-${offset}`,
      });
    }
  },
);

test('plain.json keeps the order of a key, and of a partition where there are no keys', async () => {
  await using started = await bundled.start();
  await started.host.invoke(event('plain'));
  const stored = await started.readBack();
  const keysOf = (shardingKey: string) =>
    stored
      .filter(({ properties }) => properties.__SHARDINGKEY === shardingKey)
      .map(({ properties }) => properties.KEYS);
  expect(keysOf('anna')).toEqual(['orders-0-15', 'orders-0-17']);
  expect(keysOf('orders-1')).toEqual(['orders-1-7', 'orders-1-8']);
});

test('headers.json has its headers as properties: text as text, bytes in base64', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(event('headers'))).toMatchObject({ status: 'ok', payload: answer() });
  const [message] = await started.readBack();
  expect(message?.properties).toMatchObject({
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'aws.TAGS': 'vip',
    größe: 'XL',
    signature: '/wAB',
    signed: 'ß',
  });
  expect(message?.properties).not.toHaveProperty('empty');
});

test('null-value.json has its tombstone reported, and what comes after it under its key', async () => {
  await using started = await bundled.start();
  const result = await started.host.invoke(event('null-value'));
  expect(result).toMatchObject({ status: 'ok', payload: answer(['orders-3', 101], ['orders-3', 102]) });
  expect(result.log.join('\n')).toContain('a tombstone has none');
  expect(await started.readBack()).toHaveLength(2);
});

test('poison.json has its record that is no base64 reported, and other partitions go on', async () => {
  await using started = await bundled.start();
  const result = await started.host.invoke(event('poison'));
  expect(result).toMatchObject({ status: 'ok', payload: answer(['orders-4', 1], ['orders-4', 2]) });
  expect(await started.readBack()).toHaveLength(2);
});

test('empty.json has nothing to do and nothing to report', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(event('empty'))).toMatchObject({ status: 'ok', payload: answer() });
});
