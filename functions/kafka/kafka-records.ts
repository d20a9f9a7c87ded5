import { Buffer, isUtf8 } from 'node:buffer';
import type { BatchRecord } from '../delivery/delivery-record.ts';
import { EventError } from '../delivery/event-error.ts';
import { bytesOf, countOf, type Fields, fieldsOf, listOf, optionalTextOf } from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';

/** What Lambda knows a Kafka record by: the topic and partition as the event names them, and the offset. */
export interface KafkaIdentifier {
  /** As `orders-0`. */
  readonly partition: string;
  readonly offset: number;
}

/**
 * Records of a Kafka event, of MSK or self-managed. The value is the message body, bytes unchanged; headers become
 * properties. The record's key orders the records of a partition and chooses the queue of the topic; records without a
 * key keep the order of their partition.
 * @throws EventError when the event is none of Kafka, so that nothing is taken for done.
 */
export function kafkaRecords(event: unknown, target: MessageTarget): BatchRecord<KafkaIdentifier>[] {
  const { records, eventSourceArn, bootstrapServers } = fieldsOf(event, '');
  // A self-managed cluster has no ARN; its servers are those of the mapping, the same on every delivery.
  const source =
    optionalTextOf(eventSourceArn, 'eventSourceArn') ?? optionalTextOf(bootstrapServers, 'bootstrapServers');
  return Object.entries(fieldsOf(records, 'records')).flatMap(([partition, list]) =>
    listOf(list, `records.${partition}`).flatMap((value, index) => {
      const path = `records.${partition}[${index}]`;
      const record = fieldsOf(value, path);
      const offset = countOf(record.offset, `${path}.offset`);
      const id = `${partition}-${offset}`;
      const key = keyOf(record.key, `${path}.key`);
      const orderingKey = key === undefined ? partition : `${partition}\n${key}`;
      return deliveryRecords({ id, itemIdentifier: { partition, offset }, orderingKey }, target, () => ({
        source,
        id,
        at: instantOf(record.timestamp, `${path}.timestamp`),
        body: valueBytes(record.value, `${path}.value`),
        properties: eventProperties(headersOf(record, path)),
        shardingKey: key ?? partition,
        record,
      }));
    }),
  );
}

/** The last one that a JavaScript date can have. */
const LAST_INSTANT = 8.64e15;

/**
 * Epoch ms of a record's time, which its producer may set to any number of 64 bits. 0 where it has none, for which Kafka
 * writes -1, and where no date has it, as of a producer that counts nanoseconds: Kafka takes those too.
 */
function instantOf(value: unknown, field: string): number {
  const isInteger = typeof value === 'number' && Number.isInteger(value);
  if (value === undefined || value === null || (isInteger && (value < 0 || value > LAST_INSTANT))) return 0;
  return countOf(value, field);
}

/** Text of a record's key; undefined where there is none. */
function keyOf(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return textOrBase64(bytesOf(value, field));
}

function valueBytes(value: unknown, field: string): Uint8Array | EventError {
  // A tombstone: brokers store no empty message, and another body would not be what the record says.
  if (value === undefined || value === null || value === '') {
    return new EventError(field, 'a value: a tombstone has none, and RocketMQ stores no empty message', value);
  }
  return bytesOf(value, field);
}

function headersOf(record: Fields, path: string): [string, string][] {
  if (record.headers === undefined || record.headers === null) return [];
  return listOf(record.headers, `${path}.headers`).flatMap((header, index) =>
    Object.entries(fieldsOf(header, `${path}.headers[${index}]`)).map(([name, value]): [string, string] => [
      name,
      // A header may have no value, as an empty one.
      value === null ? '' : textOrBase64(headerBytes(value, `${path}.headers[${index}].${name}`)),
    ]),
  );
}

/** Bytes of a header, which Lambda writes as numbers, from -128 to 127 where the event was made in Java. */
function headerBytes(value: unknown, field: string): Uint8Array {
  const bytes = listOf(value, field);
  for (const [index, byte] of bytes.entries()) {
    if (!Number.isInteger(byte) || Number(byte) < -128 || Number(byte) > 255) {
      throw new EventError(`${field}[${index}]`, 'a byte', byte);
    }
  }
  return Uint8Array.from(bytes as readonly number[]);
}

/**
 * Text that bytes are in UTF-8; in base64 when they are none, or hold what separates properties, as numbers in binary
 * do.
 */
function textOrBase64(bytes: Uint8Array): string {
  const isText = isUtf8(bytes) && !bytes.includes(1) && !bytes.includes(2);
  return Buffer.from(bytes).toString(isText ? 'utf8' : 'base64');
}
