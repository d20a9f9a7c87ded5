import type { DynamoDBStreamEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundledFunction, byKey, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

const bundled = bundledFunction('dynamodb');
afterAll(() => bundled[Symbol.dispose]());

const event = (name: string) => sample<DynamoDBStreamEvent>('dynamodb', name);
const answer = (...sequenceNumbers: (string | undefined)[]) => ({
  batchItemFailures: sequenceNumbers.map((itemIdentifier) => ({ itemIdentifier })),
});

test('every sample event has a test here', () => {
  expect(sampleNames('dynamodb')).toEqual(['empty', 'new-image-types', 'plain', 'poison', 'remove-by-ttl']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('dynamodb', bundled.report);
});

test.each(['plain', 'new-image-types', 'remove-by-ttl'])(
  '%s.json is stored as JSON, images and all, with the kind of change as a property',
  async (name) => {
    await using started = await bundled.start();
    const { Records } = event(name);
    expect(await started.host.invoke({ Records })).toMatchObject({ status: 'ok', payload: answer() });
    const stored = byKey(await started.readBack());
    expect(stored.size).toBe(Records.length);
    for (const record of Records) {
      const message = stored.get(record.eventID);
      expect(JSON.parse(message?.body.toString() ?? '')).toEqual(record);
      expect(message?.properties).toMatchObject({
        'aws.source': record.eventSourceARN,
        'aws.id': record.eventID,
        'aws.eventName': record.eventName,
      });
    }
  },
);

test('plain.json keeps the changes of an item in order and in one queue, whatever order its keys are written in', async () => {
  await using started = await bundled.start();
  const { Records } = event('plain');
  await started.host.invoke({ Records });
  const ofItem = (await started.readBack()).filter(({ properties }) => properties.__SHARDINGKEY?.includes('"o-1"'));
  expect(ofItem.map(({ properties }) => properties['aws.eventName'])).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
  expect(new Set(ofItem.map(({ queueId, storeHost }) => `${storeHost.port} ${queueId}`)).size).toBe(1);
});

test('poison.json has its malformed change reported and what comes after it of that item', async () => {
  await using started = await bundled.start();
  const { Records } = event('poison');
  const [, malformed, , after] = Records.map(({ dynamodb }) => dynamodb?.SequenceNumber);
  const result = await started.host.invoke({ Records });
  expect(result).toMatchObject({ status: 'ok', payload: answer(malformed, after) });
  expect(result.log.join('\n')).toContain('Records[1].dynamodb.NewImage of the event must be an object');
  expect(await started.readBack()).toHaveLength(2);
});

test('empty.json has nothing to do and nothing to report', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(event('empty'))).toMatchObject({ status: 'ok', payload: answer() });
});
