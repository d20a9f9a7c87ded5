import type { EventBridgeEvent } from 'aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundledFunction, byKey, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

type Event = EventBridgeEvent<string, unknown>;

const bundled = bundledFunction('eventbridge');
afterAll(() => bundled[Symbol.dispose]());

test('every sample event has a test here', () => {
  expect(sampleNames('eventbridge')).toEqual(['empty', 'list', 'plain', 'poison', 'replay', 'scheduler']);
});

test('the bundle holds no code of another source', () => {
  expectOwnCodeOnly('eventbridge', bundled.report);
});

test.each(['plain', 'list', 'scheduler', 'replay'])('%s.json is stored as JSON', async (name) => {
  await using started = await bundled.start();
  const event = sample<Event | Event[]>('eventbridge', name);
  expect(await started.host.invoke(event)).toMatchObject({ status: 'ok', payload: null });
  const stored = byKey(await started.readBack());
  const events = [event].flat();
  expect(stored.size).toBe(events.length);
  for (const one of events) {
    const message = stored.get(one.id);
    expect(JSON.parse(message?.body.toString() ?? '')).toEqual(one);
    expect(message?.properties).toMatchObject({
      'aws.source': one.source,
      'aws.id': one.id,
      'aws.detailType': one['detail-type'],
    });
  }
});

test('poison.json fails the invocation, while the sound event of it is stored', async () => {
  await using started = await bundled.start();
  const [sound, poison] = sample<Event[]>('eventbridge', 'poison');
  const result = await started.host.invoke([sound, poison]);
  expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_DELIVERY_PERMANENT' });
  expect(result.status === 'error' && result.errorMessage).toContain(`1 of 2 records were not stored: ${poison?.id}`);
  expect((await started.readBack()).map(({ properties }) => properties.KEYS)).toEqual([sound?.id]);
});

test('empty.json has nothing to do', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke(sample('eventbridge', 'empty'))).toMatchObject({ status: 'ok', payload: null });
});

test('an input that a schedule makes up without an id fails, naming it', async () => {
  await using started = await bundled.start();
  expect(await started.host.invoke({ nightly: true })).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_EVENT',
    errorMessage: 'id of the event must be a string, but is undefined',
  });
});
