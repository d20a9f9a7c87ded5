import * as s3 from 'aws-cdk-lib/aws-s3';

const deleted = 'Object Deleted';

/**
 * What EventBridge calls the events of S3, by the event type of a notification. Types that are not here are told apart by notifications
 * only.
 */
const detailTypes: ReadonlyMap<s3.EventType, string> = new Map([
  [s3.EventType.OBJECT_CREATED, 'Object Created'],
  [s3.EventType.OBJECT_REMOVED, deleted],
  [s3.EventType.OBJECT_REMOVED_DELETE, deleted],
  [s3.EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED, deleted],
  [s3.EventType.LIFECYCLE_EXPIRATION, deleted],
  [s3.EventType.LIFECYCLE_EXPIRATION_DELETE, deleted],
  [s3.EventType.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED, deleted],
  [s3.EventType.OBJECT_RESTORE_POST, 'Object Restore Initiated'],
  [s3.EventType.OBJECT_RESTORE_COMPLETED, 'Object Restore Completed'],
  [s3.EventType.OBJECT_RESTORE_DELETE, 'Object Restore Expired'],
  [s3.EventType.OBJECT_TAGGING_PUT, 'Object Tags Added'],
  [s3.EventType.OBJECT_TAGGING_DELETE, 'Object Tags Deleted'],
  [s3.EventType.OBJECT_ACL_PUT, 'Object ACL Updated'],
  [s3.EventType.LIFECYCLE_TRANSITION, 'Object Storage Class Changed'],
  [s3.EventType.INTELLIGENT_TIERING, 'Object Access Tier Changed'],
]);

type Detail = Readonly<Record<string, readonly unknown[]>>;

const byRequest: Detail = { reason: ['DeleteObject'] };
const byLifecycle: Detail = { reason: ['Lifecycle Expiration'] };
const forGood: Detail = { 'deletion-type': ['Permanently Deleted'] };
const byMarker: Detail = { 'deletion-type': ['Delete Marker Created'] };

/** Who deletes, and how: EventBridge calls all of it alike, and notifications do not. */
const deletions: ReadonlyMap<s3.EventType, Detail> = new Map([
  [s3.EventType.OBJECT_REMOVED, byRequest],
  [s3.EventType.OBJECT_REMOVED_DELETE, { ...byRequest, ...forGood }],
  [s3.EventType.OBJECT_REMOVED_DELETE_MARKER_CREATED, { ...byRequest, ...byMarker }],
  [s3.EventType.LIFECYCLE_EXPIRATION, byLifecycle],
  [s3.EventType.LIFECYCLE_EXPIRATION_DELETE, { ...byLifecycle, ...forGood }],
  [s3.EventType.LIFECYCLE_EXPIRATION_DELETE_MARKER_CREATED, { ...byLifecycle, ...byMarker }],
]);

/** Every other event: none has this field. */
const noDeletion: Detail = { 'deletion-type': [{ exists: false }] };

/** Event types that are to be had from notifications only. */
export function untoldByEventBridge(eventTypes: readonly s3.EventType[]): s3.EventType[] {
  return eventTypes.filter((type) => !detailTypes.has(type));
}

/** What a pattern of EventBridge says about events of some types. */
export function eventPatternOf(eventTypes: readonly s3.EventType[]): {
  readonly detailType: string[];
  readonly detail: Readonly<Record<string, unknown>>;
} {
  const names = eventTypes.map((type) => detailTypes.get(type)).filter((name) => name !== undefined);
  const details = [...new Set(eventTypes.map((type) => deletions.get(type) ?? noDeletion))];
  const [only = noDeletion] = details;
  // EventBridge takes `$or` with one alternative for the name of a field.
  const either = details.length > 1 ? { $or: details } : only;
  return { detailType: [...new Set(names)], detail: names.includes(deleted) ? either : {} };
}

/** Event types that belong to a whole kind of events which is there too, each with that kind: `s3:ObjectCreated:Put`, `s3:ObjectCreated:*`. */
export function overlapsOf(
  eventTypes: readonly s3.EventType[],
): (readonly [part: s3.EventType, whole: s3.EventType])[] {
  return eventTypes
    .filter((whole) => whole.endsWith(':*'))
    .flatMap((whole) =>
      eventTypes
        .filter((part) => part !== whole && part.startsWith(whole.slice(0, -1)))
        .map((part) => [part, whole] as const),
    );
}
