import { EventError } from './event-error.ts';
import { type Fields, fieldsOf, textOf } from './event-field.ts';

/**
 * Properties of a notification of S3: bucket, object key, out of its encoding, and event.
 * @param path of the record in the event, for errors.
 * @throws EventError that names the field.
 */
export function s3Properties(record: Fields, path: string): [string, string][] {
  const s3 = fieldsOf(record.s3, `${path}.s3`);
  const bucket = fieldsOf(s3.bucket, `${path}.s3.bucket`);
  const key = textOf(fieldsOf(s3.object, `${path}.s3.object`).key, `${path}.s3.object.key`);
  return [
    ['aws.bucket', textOf(bucket.name, `${path}.s3.bucket.name`)],
    ['aws.key', decodedKey(key, `${path}.s3.object.key`)],
    ['aws.eventName', textOf(record.eventName, `${path}.eventName`)],
  ];
}

/** The object's key itself; notifications have it as forms encode it, with `+` for a blank. */
function decodedKey(key: string, field: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    // No UTF-8 behind the percent signs, which S3 does not send.
    throw new EventError(field, 'a URL-encoded key', key);
  }
}
