import type { S3Event, S3EventRecord } from 'aws-lambda';
import { expect, test } from 'vitest';
import { s3Records } from '../../../functions/s3/s3-records.ts';
import { sample } from '../bundled-function.ts';

const target = { topic: 'orders', traceId: undefined };
const [record] = sample<S3Event>('s3', 'plain').Records as [S3EventRecord];

/** The record with other facts about its object. */
function withObject(facts: object, eventName = record.eventName): S3EventRecord {
  return { ...record, eventName, s3: { ...record.s3, object: { ...record.s3.object, ...facts } } };
}

function messageOf(one: unknown) {
  return s3Records({ Records: [one] }, target)[0]?.toMessage();
}

test('a record of another object, another change or another event has another message id; the same one the same', () => {
  const others = [
    record,
    withObject({ key: 'other.pdf' }),
    withObject({ sequencer: '0055AED6DCD90281E5' }),
    withObject({}, 'ObjectTagging:Put'),
    { ...record, s3: { ...record.s3, bucket: { ...record.s3.bucket, arn: 'arn:aws:s3:::other' } } },
  ];
  expect(new Set(others.map((one) => messageOf(one)?.msgId)).size).toBe(others.length);
  expect(messageOf(structuredClone(record))?.msgId).toBe(messageOf(record)?.msgId);
});

test('without a sequencer, as some kinds of events are, the time of the event stands for it', () => {
  const message = messageOf(withObject({ sequencer: undefined }, 'ObjectRestore:Completed'));
  expect(message?.properties).toMatchObject({
    'aws.id': `${record.s3.object.key}#${record.eventTime}#ObjectRestore:Completed`,
  });
});

test('without a sequencer, two versions of an object have two ids, also in the same millisecond', () => {
  const ids = ['v1', 'v2'].map((versionId) => {
    const message = messageOf(withObject({ sequencer: undefined, versionId }, 'LifecycleTransition'));
    return [message?.msgId, message?.properties?.['aws.id']];
  });
  expect(new Set(ids.map(([msgId]) => msgId)).size).toBe(2);
  const { key } = record.s3.object;
  expect(ids.map(([, id]) => id)).toEqual(
    ['v1', 'v2'].map((versionId) => `${key}#${record.eventTime}#${versionId}#LifecycleTransition`),
  );
});

test('without an ARN of the bucket, its name makes one', () => {
  const { arn: _, ...bucket } = record.s3.bucket;
  expect(messageOf({ ...record, s3: { ...record.s3, bucket } })?.msgId).toBe(messageOf(record)?.msgId);
});

test('a key that is not URL-encoded UTF-8 fails its record by name', () => {
  expect(() => messageOf(withObject({ key: '%FF' }))).toThrow(
    'Records[0].s3.object.key of the event must be a URL-encoded key, but is string "%FF"',
  );
});
