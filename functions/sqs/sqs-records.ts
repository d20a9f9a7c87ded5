import type { BatchRecord } from '../delivery/delivery-record.ts';
import {
  countOf,
  type Fields,
  fieldsOf,
  listOf,
  optionalFieldsOf,
  optionalTextOf,
  textOf,
} from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';

/**
 * Records of an SQS event. The raw body is the message body, message attributes become properties, the message id
 * becomes a key. Of a FIFO queue, the message group orders the records and chooses the queue of the topic.
 * @throws EventError when the event is none of SQS, so that nothing is taken for done.
 */
export function sqsRecords(event: unknown, target: MessageTarget): BatchRecord[] {
  return listOf(fieldsOf(event, '').Records, 'Records').flatMap((value, index) => {
    const path = `Records[${index}]`;
    const record = fieldsOf(value, path);
    const id = textOf(record.messageId, `${path}.messageId`);
    const source = optionalTextOf(record.eventSourceARN, `${path}.eventSourceARN`);
    const attributes = optionalFieldsOf(record.attributes, `${path}.attributes`);
    // A standard queue can have message groups too (fair queues), but keeps no order by them.
    const group = source?.endsWith('.fifo')
      ? textOf(attributes.MessageGroupId, `${path}.attributes.MessageGroupId`)
      : undefined;
    return deliveryRecords(
      { id, itemIdentifier: id, orderingKey: group, ...deliveryHistory(attributes) },
      target,
      () => ({
        source,
        id,
        at: sentAt(attributes.SentTimestamp, `${path}.attributes.SentTimestamp`),
        body: textOf(record.body, `${path}.body`),
        properties: eventProperties(attributeValues(record.messageAttributes, `${path}.messageAttributes`)),
        shardingKey: group,
        traceId: optionalTextOf(attributes.AWSTraceHeader, `${path}.attributes.AWSTraceHeader`),
        record,
      }),
    );
  });
}

/**
 * What SQS says of earlier deliveries. What cannot be read counts as one: to ask costs little, to send again a
 * duplicate.
 */
function deliveryHistory(attributes: Fields): Pick<BatchRecord, 'isRedelivered' | 'firstDeliveredAt'> {
  const { ApproximateReceiveCount: count, ApproximateFirstReceiveTimestamp: firstAt } = attributes;
  return {
    ...(count === undefined ? {} : { isRedelivered: count !== '1' }),
    ...(typeof firstAt === 'string' && /^\d{1,15}$/.test(firstAt) ? { firstDeliveredAt: Number(firstAt) } : {}),
  };
}

/** Epoch ms at which the message was sent; 0 where the event does not say. SQS writes it as text. */
function sentAt(value: unknown, field: string): number {
  const text = optionalTextOf(value, field);
  return text === undefined ? 0 : countOf(/^\d+$/.test(text) ? Number(text) : text, field);
}

/** Values of message attributes: text as it is, binary in base64. */
function attributeValues(value: unknown, field: string): [string, string | undefined][] {
  return Object.entries(optionalFieldsOf(value, field)).map(([name, attribute]) => {
    const path = `${field}.${name}`;
    const { stringValue, binaryValue }: Fields = fieldsOf(attribute, path);
    return [
      name,
      optionalTextOf(stringValue, `${path}.stringValue`) ?? optionalTextOf(binaryValue, `${path}.binaryValue`),
    ];
  });
}
