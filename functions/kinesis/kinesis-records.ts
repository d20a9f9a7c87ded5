import type { BatchRecord } from '../delivery/delivery-record.ts';
import { bytesOf, fieldsOf, instantOfSeconds, listOf, optionalTextOf, textOf } from '../delivery/event-field.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';

/**
 * Records of a Kinesis event. The data is the message body, bytes unchanged; the partition key orders the records and
 * chooses the queue of the topic. The id of a record is its shard and sequence number.
 * @throws EventError when the event is none of Kinesis, so that nothing is taken for done.
 */
export function kinesisRecords(event: unknown, target: MessageTarget): BatchRecord[] {
  return listOf(fieldsOf(event, '').Records, 'Records').flatMap((value, index) => {
    const path = `Records[${index}]`;
    const record = fieldsOf(value, path);
    const kinesis = fieldsOf(record.kinesis, `${path}.kinesis`);
    const sequenceNumber = textOf(kinesis.sequenceNumber, `${path}.kinesis.sequenceNumber`);
    // Without its key the place of a record in the order is not known: no other one may be taken for done before it is.
    const partitionKey = textOf(kinesis.partitionKey, `${path}.kinesis.partitionKey`);
    const id = optionalTextOf(record.eventID, `${path}.eventID`) ?? sequenceNumber;
    return deliveryRecords({ id, itemIdentifier: sequenceNumber, orderingKey: partitionKey }, target, () => ({
      source: optionalTextOf(record.eventSourceARN, `${path}.eventSourceARN`),
      id,
      at: instantOfSeconds(kinesis.approximateArrivalTimestamp, `${path}.kinesis.approximateArrivalTimestamp`),
      body: bytesOf(kinesis.data, `${path}.kinesis.data`),
      shardingKey: partitionKey,
      record,
    }));
  });
}
