import type { SQSEvent, SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { type Message, MessageError, RESERVED_PROPERTIES } from '#rocketmq';
import type { DeliveryRecord } from '../delivery/delivery-record.ts';
import { EventError } from '../delivery/event-error.ts';
import { recordMsgId } from '../delivery/record-msg-id.ts';

/**
 * Records of an SQS event. The raw body is the message body, message attributes become properties, the message id
 * becomes a key. Of a FIFO queue, the message group orders the records and chooses the queue of the topic.
 * @throws EventError when the event is none of SQS, so that nothing is taken for done.
 */
export function sqsRecords(event: SQSEvent, topic: string): DeliveryRecord[] {
  const records: unknown = event?.Records;
  if (!Array.isArray(records)) throw new EventError('Records', 'a list', records);
  return records.map((record: SQSRecord, index) => {
    const id: unknown = record?.messageId;
    if (typeof id !== 'string' || id === '') throw new EventError(`Records[${index}].messageId`, 'a string', id);
    // A standard queue can have message groups too (fair queues), but keeps no order by them.
    const isFifo = typeof record.eventSourceARN === 'string' && record.eventSourceARN.endsWith('.fifo');
    const group = isFifo ? record.attributes?.MessageGroupId : undefined;
    return { id, orderingKey: group, toMessage: () => toMessage(record, topic, group) };
  });
}

function toMessage(record: SQSRecord, topic: string, group: string | undefined): Message {
  const { messageId, body, eventSourceARN, attributes } = record;
  if (typeof body !== 'string') throw new MessageError('body', `record ${messageId} has no body`);
  const at = Number(attributes?.SentTimestamp);
  const msgId = recordMsgId({
    sourceArn: eventSourceARN ?? '',
    recordId: messageId,
    at: Number.isSafeInteger(at) && at >= 0 ? at : 0,
  });
  return {
    topic,
    body,
    keys: [messageId],
    properties: propertiesOf(record.messageAttributes ?? {}),
    msgId,
    ...(group === undefined ? {} : { shardingKey: group }),
  };
}

/** Attributes as properties: text as it is, binary in base64. A name reserved by RocketMQ gets the prefix `aws.`. */
function propertiesOf(attributes: SQSMessageAttributes): Record<string, string> {
  // Without a prototype, so that an attribute may be named "__proto__".
  const properties: Record<string, string> = Object.create(null);
  for (const [name, attribute] of Object.entries(attributes)) {
    const value = attribute?.stringValue ?? attribute?.binaryValue;
    if (typeof value !== 'string' || value === '') continue;
    properties[RESERVED_PROPERTIES.has(name) ? `aws.${name}` : name] = value;
  }
  return properties;
}
