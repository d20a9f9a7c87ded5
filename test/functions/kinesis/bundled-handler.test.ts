import { Buffer } from 'node:buffer';
import type { KinesisStreamEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundledFunction, byKey, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

const bundled = bundledFunction('kinesis');
afterAll(() => bundled[Symbol.dispose]());

const event = (name: string) => sample<KinesisStreamEvent>('kinesis', name);
const answer = (...sequenceNumbers: (string | undefined)[]) => ({
  batchItemFailures: sequenceNumbers.map((itemIdentifier) => ({ itemIdentifier })),
});

test('every sample event has a test here', () => {
  expect(sampleNames('kinesis')).toEqual(['binary', 'empty', 'plain', 'poison']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('kinesis', bundled.report);
});

test('plain.json is stored in the order of its partition keys, each in one queue', async () => {
  await using started = await bundled.start();
  const { Records } = event('plain');
  expect(await started.host.invoke({ Records })).toMatchObject({ status: 'ok', payload: answer() });
  const stored = await started.readBack();
  expect(stored).toHaveLength(Records.length);
  for (const key of ['anna', 'bert', '顧客-3']) {
    const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === key);
    const sent = Records.filter(({ kinesis }) => kinesis.partitionKey === key);
    expect(ofKey.map(({ properties }) => properties.KEYS)).toEqual(sent.map(({ eventID }) => eventID));
    expect(new Set(ofKey.map(({ queueId, storeHost }) => `${storeHost.port} ${queueId}`)).size).toBe(1);
  }
});

test('binary.json is stored with its bytes unchanged', async () => {
  await using started = await bundled.start();
  const { Records } = event('binary');
  expect(await started.host.invoke({ Records })).toMatchObject({ status: 'ok', payload: answer() });
  const stored = byKey(await started.readBack());
  for (const { eventID, eventSourceARN, kinesis } of Records) {
    const message = stored.get(eventID);
    expect(message?.body).toEqual(Buffer.from(kinesis.data, 'base64'));
    expect(message?.properties).toMatchObject({ 'aws.source': eventSourceARN, 'aws.id': eventID });
  }
});

test('poison.json has its empty record reported and what comes after it under its key: the stream goes on from there', async () => {
  await using started = await bundled.start();
  const { Records } = event('poison');
  const [, empty, , afterEmpty] = Records.map(({ kinesis }) => kinesis.sequenceNumber);
  const result = await started.host.invoke({ Records });
  expect(result).toMatchObject({ status: 'ok', payload: answer(empty, afterEmpty) });
  expect(await started.readBack()).toHaveLength(3);
});

test('empty.json has nothing to do and nothing to report', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(event('empty'))).toMatchObject({ status: 'ok', payload: answer() });
});

test('an event delivered twice is stored twice under the same message ids', async () => {
  await using started = await bundled.start();
  const first = await started.host.invoke(event('plain'));
  expect(await started.host.invoke(event('plain'))).toMatchObject({ status: 'ok', payload: answer(), cold: false });
  expect(first.leftBehind).not.toContain('Timeout');
  const ids = (await started.readBack()).map(({ properties }) => properties.UNIQ_KEY);
  expect([ids.length, new Set(ids).size]).toEqual([12, 6]);
});

test('an event of another source fails the invocation, naming the field', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke({ Records: [{ messageId: 'x' }] })).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_EVENT',
    errorMessage: 'Records[0].kinesis of the event must be an object, but is undefined',
  });
});
