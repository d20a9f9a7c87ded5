import * as s3 from 'aws-cdk-lib/aws-s3';

/**
 * What EventBridge calls the events of S3, by the event type of a notification. Types that are not here are told apart by notifications
 * only.
 */
const detailTypes: ReadonlyMap<s3.EventType, string> = new Map([
  [s3.EventType.OBJECT_CREATED, 'Object Created'],
  [s3.EventType.OBJECT_REMOVED, 'Object Deleted'],
  [s3.EventType.OBJECT_RESTORE_POST, 'Object Restore Initiated'],
  [s3.EventType.OBJECT_RESTORE_COMPLETED, 'Object Restore Completed'],
  [s3.EventType.OBJECT_RESTORE_DELETE, 'Object Restore Expired'],
  [s3.EventType.OBJECT_TAGGING_PUT, 'Object Tags Added'],
  [s3.EventType.OBJECT_TAGGING_DELETE, 'Object Tags Deleted'],
  [s3.EventType.OBJECT_ACL_PUT, 'Object ACL Updated'],
  [s3.EventType.LIFECYCLE_TRANSITION, 'Object Storage Class Changed'],
  [s3.EventType.INTELLIGENT_TIERING, 'Object Access Tier Changed'],
]);

/** The detail types of some event types, and the event types that have none. */
export function detailTypesOf(eventTypes: readonly s3.EventType[]): {
  readonly known: readonly string[];
  readonly unknown: readonly s3.EventType[];
} {
  return {
    known: eventTypes.map((type) => detailTypes.get(type)).filter((name) => name !== undefined),
    unknown: eventTypes.filter((type) => !detailTypes.has(type)),
  };
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
