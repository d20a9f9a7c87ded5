import type { BatchRecord } from '../delivery/delivery-record.ts';
import { type Fields, fieldsOf, instantOfSeconds, listOf, optionalTextOf, textOf } from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';
import { plainItem } from './plain-item.ts';

/**
 * Changes of a DynamoDB stream. The message body is the record as JSON, with its images as the stream view has them;
 * the item's keys order the changes and choose the queue of the topic. The id of a change is its event id.
 * @throws EventError when the event is none of DynamoDB, so that nothing is taken for done.
 */
export function dynamodbRecords(event: unknown, target: MessageTarget): BatchRecord[] {
  return listOf(fieldsOf(event, '').Records, 'Records').flatMap((value, index) => {
    const path = `Records[${index}]`;
    const record = fieldsOf(value, path);
    const change = fieldsOf(record.dynamodb, `${path}.dynamodb`);
    const sequenceNumber = textOf(change.SequenceNumber, `${path}.dynamodb.SequenceNumber`);
    const itemKey = itemKeyOf(fieldsOf(change.Keys, `${path}.dynamodb.Keys`));
    const id = optionalTextOf(record.eventID, `${path}.eventID`) ?? sequenceNumber;
    return deliveryRecords({ id, itemIdentifier: sequenceNumber, orderingKey: itemKey }, target, () => {
      checkImages(change, path);
      const at = `${path}.dynamodb.ApproximateCreationDateTime`;
      const eventName = textOf(record.eventName, `${path}.eventName`);
      return {
        source: optionalTextOf(record.eventSourceARN, `${path}.eventSourceARN`),
        id,
        at: instantOfSeconds(change.ApproximateCreationDateTime, at),
        body: JSON.stringify(record),
        decodedBody: () => ({
          eventName,
          Keys: plainItem(change.Keys, `${path}.dynamodb.Keys`),
          NewImage: plainItem(change.NewImage, `${path}.dynamodb.NewImage`),
          OldImage: plainItem(change.OldImage, `${path}.dynamodb.OldImage`),
        }),
        properties: eventProperties([['aws.eventName', eventName]]),
        shardingKey: itemKey,
        record,
      };
    });
  });
}

/** The item's keys as text, the same in whatever order the event has them. */
function itemKeyOf(keys: Fields): string {
  const names = Object.keys(keys).toSorted();
  return JSON.stringify(names.map((name) => [name, keys[name]]));
}

function checkImages(change: Fields, path: string): void {
  for (const image of ['NewImage', 'OldImage']) {
    if (change[image] !== undefined && change[image] !== null) fieldsOf(change[image], `${path}.dynamodb.${image}`);
  }
}
