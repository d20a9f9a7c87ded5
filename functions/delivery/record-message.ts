import type { Message } from '#rocketmq';
import type { DeliveryRecord } from './delivery-record.ts';
import { EventError } from './event-error.ts';
import { ORIGIN_PROPERTIES } from './event-properties.ts';
import type { MessageTarget, RecordPlace } from './message-target.ts';
import type { RecordContent } from './record-content.ts';
import { recordMsgId } from './record-msg-id.ts';

/**
 * A record of an event as it is delivered: as the mapping of the target wants it, or else one message with its content.
 * @param content read when the message is made; what it throws fails this record alone.
 */
export function deliveryRecords<Own extends RecordPlace>(
  own: Own,
  target: MessageTarget,
  content: () => RecordContent,
): (Own & DeliveryRecord)[] {
  if (target.mapping !== undefined) return target.mapping.recordsOf(own, target, content);
  return [{ ...own, toMessage: () => recordMessage(target, content()) }];
}

/**
 * The message of a record. Its message id is made from `source`, `id`, `index` and `at` alone, so that it is the same
 * on every delivery; `source` and `id` can be read from the properties `aws.source` and `aws.id`, and `id` is a key
 * besides, its blanks percent-encoded.
 * @throws EventError when the record has no body.
 */
export function recordMessage({ topic, traceId }: MessageTarget, content: Omit<RecordContent, 'record'>): Message {
  const { source = '', id, index = 0, at, body, shardingKey } = content;
  if (body instanceof EventError) throw body;
  const properties: Record<string, string> = Object.assign(Object.create(null), content.properties);
  if (source !== '') properties[ORIGIN_PROPERTIES.source] = source;
  properties[ORIGIN_PROPERTIES.id] = id;
  const trace = content.traceId ?? traceId;
  if (trace !== undefined) properties[ORIGIN_PROPERTIES.traceId] = trace;
  return {
    topic,
    body,
    keys: [asKey(id)],
    properties,
    msgId: recordMsgId({ sourceArn: source, recordId: id, index, at }),
    ...(shardingKey === undefined ? {} : { shardingKey }),
  };
}

const BLANK = /\s/;
const BLANKS = /\s/g;

/** Text as a key of a message: blanks, which separate keys, are percent-encoded. */
export function asKey(text: string): string {
  return BLANK.test(text) ? text.replace(BLANKS, encodeURIComponent) : text;
}
