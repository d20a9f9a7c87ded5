import { hash } from 'node:crypto';
import { encodeUniqKey, UNIQ_KEY_ORIGIN_BYTES } from '#rocketmq';

/** What makes a record the same record when its source delivers it again. */
export interface RecordIdentity {
  /** ARN of the queue, stream or topic. */
  readonly sourceArn: string;
  readonly recordId: string;
  /** Place inside the record, where one becomes several messages. */
  readonly index?: number;
  /** Instant that belongs to the record itself, epoch ms; not the time of its delivery. */
  readonly at: number;
}

const origin = new Uint8Array(UNIQ_KEY_ORIGIN_BYTES);

/**
 * Message id of a record: 10 bytes of SHA-256 over source, record id and index, then the record's own time. The same
 * record delivered again gets the same id, so that a consumer can tell a duplicate.
 */
export function recordMsgId({ sourceArn, recordId, index = 0, at }: RecordIdentity): string {
  // Its bytes as characters: hashing into a buffer of its own takes three times as long.
  const digest = hash('sha256', `${sourceArn}\n${recordId}\n${index}`, 'binary');
  for (let byte = 0; byte < UNIQ_KEY_ORIGIN_BYTES; byte++) origin[byte] = digest.charCodeAt(byte);
  return encodeUniqKey(origin, at, index);
}
