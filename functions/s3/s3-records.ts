import type { DeliveryRecord } from '../delivery/delivery-record.ts';
import { type Fields, fieldsOf, instantOfText, listOf, optionalTextOf, textOf } from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';
import { s3Properties } from '../delivery/s3-properties.ts';

/**
 * Notifications of an S3 event. The message body is the record as JSON; bucket, event and object key become the
 * properties `aws.bucket`, `aws.eventName` and `aws.key`, the key decoded. S3 promises no order. The id of a record is
 * key, sequencer and event name; where S3 gives no sequencer, the time of the event stands for it, and the version of the
 * object, of which several may change at one time.
 * @throws EventError when the event is none of S3, so that nothing is taken for done.
 */
export function s3Records(event: unknown, target: MessageTarget): DeliveryRecord[] {
  return listOf(fieldsOf(event, '').Records, 'Records').flatMap((value, index) => {
    const path = `Records[${index}]`;
    const record = fieldsOf(value, path);
    const s3 = fieldsOf(record.s3, `${path}.s3`);
    const bucket = fieldsOf(s3.bucket, `${path}.s3.bucket`);
    const object = fieldsOf(s3.object, `${path}.s3.object`);
    const bucketName = textOf(bucket.name, `${path}.s3.bucket.name`);
    const key = textOf(object.key, `${path}.s3.object.key`);
    const eventName = textOf(record.eventName, `${path}.eventName`);
    const place = optionalTextOf(object.sequencer, `${path}.s3.object.sequencer`) ?? placeInTime(record, object, path);
    const id = `${key}#${place}#${eventName}`;
    return deliveryRecords({ id, orderingKey: undefined }, target, () => ({
      source: optionalTextOf(bucket.arn, `${path}.s3.bucket.arn`) ?? `arn:aws:s3:::${bucketName}`,
      id,
      at: instantOfText(record.eventTime, `${path}.eventTime`),
      body: JSON.stringify(record),
      properties: eventProperties(s3Properties(record, path)),
      record,
    }));
  });
}

function placeInTime(record: Fields, object: Fields, path: string): string {
  const time = textOf(record.eventTime, `${path}.eventTime`);
  const version = optionalTextOf(object.versionId, `${path}.s3.object.versionId`);
  return version === undefined ? time : `${time}#${version}`;
}
