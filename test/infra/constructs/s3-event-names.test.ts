import { EventType } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { eventPatternOf, overlapsOf, untoldByEventBridge } from '../../../infra/constructs/s3-event-names.ts';

const byRequest = { reason: ['DeleteObject'] };
const byLifecycle = { reason: ['Lifecycle Expiration'] };
const forGood = { 'deletion-type': ['Permanently Deleted'] };
const byMarker = { 'deletion-type': ['Delete Marker Created'] };

describe('at EventBridge', () => {
  test.each<[string, EventType, object]>([
    ['deletions by a request', EventType.OBJECT_REMOVED, byRequest],
    ['those for good', EventType.OBJECT_REMOVED_DELETE, { ...byRequest, ...forGood }],
    ['those that leave a marker', EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED, { ...byRequest, ...byMarker }],
    ['deletions by a lifecycle rule', EventType.LIFECYCLE_EXPIRATION, byLifecycle],
    ['those for good', EventType.LIFECYCLE_EXPIRATION_DELETE, { ...byLifecycle, ...forGood }],
    [
      'those that leave a marker',
      EventType.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED,
      { ...byLifecycle, ...byMarker },
    ],
  ])('%s (%s) are told apart by their details', (_title, type, detail) => {
    expect(eventPatternOf([type])).toEqual({ detailType: ['Object Deleted'], detail });
  });

  test('deletions of several types are those of any of them', () => {
    expect(eventPatternOf([EventType.OBJECT_REMOVED, EventType.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED])).toEqual({
      detailType: ['Object Deleted'],
      detail: { $or: [byRequest, { ...byLifecycle, ...byMarker }] },
    });
  });

  test('events that are no deletions have none of these details, and are taken all the same', () => {
    expect(eventPatternOf([EventType.OBJECT_CREATED, EventType.OBJECT_TAGGING_PUT])).toEqual({
      detailType: ['Object Created', 'Object Tags Added'],
      detail: {},
    });
    expect(eventPatternOf([EventType.OBJECT_CREATED, EventType.OBJECT_REMOVED])).toEqual({
      detailType: ['Object Created', 'Object Deleted'],
      detail: { $or: [{ 'deletion-type': [{ exists: false }] }, byRequest] },
    });
  });

  test('there is no name for parts of creation, whole kinds of restoring and tagging, and replication', () => {
    const untold = [
      EventType.OBJECT_CREATED_PUT,
      EventType.OBJECT_RESTORE,
      EventType.OBJECT_TAGGING,
      EventType.REPLICATION,
      EventType.REDUCED_REDUNDANCY_LOST_OBJECT,
    ];
    expect(untoldByEventBridge([EventType.OBJECT_CREATED, ...untold, EventType.LIFECYCLE_EXPIRATION_DELETE])).toEqual(
      untold,
    );
  });
});

test('a type lies within a whole kind of the same name', () => {
  expect(
    overlapsOf([
      EventType.LIFECYCLE_EXPIRATION_DELETE,
      EventType.LIFECYCLE_EXPIRATION,
      EventType.OBJECT_REMOVED_DELETE,
    ]),
  ).toEqual([[EventType.LIFECYCLE_EXPIRATION_DELETE, EventType.LIFECYCLE_EXPIRATION]]);
});
