import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageError } from '#rocketmq';
import { deliver } from '../../functions/delivery/deliver.ts';
import type { DeliveryRecord } from '../../functions/delivery/delivery-record.ts';
import { EventError } from '../../functions/delivery/event-error.ts';
import { readDirectEvent } from '../../functions/direct/direct-event.ts';
import { directRecords } from '../../functions/direct/direct-records.ts';
import { dynamodbRecords } from '../../functions/dynamodb/dynamodb-records.ts';
import { eventbridgeRecords } from '../../functions/eventbridge/eventbridge-records.ts';
import { kafkaRecords } from '../../functions/kafka/kafka-records.ts';
import { kinesisRecords } from '../../functions/kinesis/kinesis-records.ts';
import { s3Records } from '../../functions/s3/s3-records.ts';
import { snsRecords } from '../../functions/sns/sns-records.ts';
import { sqsRecords } from '../../functions/sqs/sqs-records.ts';
import { sample } from './bundled-function.ts';
import { FailingProducer } from './failing-producer.ts';

const target = { topic: 'orders', traceId: undefined };

interface Source {
  readonly name: string;
  readonly samples: readonly string[];
  read(event: unknown): DeliveryRecord[];
  /** Paths that the function reads, with `*` for an index or a name that may vary. All others pass through or are ignored. */
  readonly fields: readonly string[];
  /** Those without which a record cannot be told from others, has no place in the order, or nothing to send. */
  readonly needed: readonly string[];
}

const SQS_FIELDS = [
  'Records',
  'Records.*',
  'Records.*.messageId',
  'Records.*.body',
  'Records.*.eventSourceARN',
  'Records.*.attributes',
  'Records.*.attributes.SentTimestamp',
  'Records.*.messageAttributes',
  'Records.*.messageAttributes.*',
  'Records.*.messageAttributes.*.stringValue',
  'Records.*.messageAttributes.*.binaryValue',
];

const KAFKA_FIELDS = [
  'records',
  'records.*',
  'records.*.*',
  'records.*.*.offset',
  'records.*.*.timestamp',
  'records.*.*.key',
  'records.*.*.value',
  'records.*.*.headers',
  'records.*.*.headers.*',
  'records.*.*.headers.*.*',
  'records.*.*.headers.*.*.*',
];

const SQS_NEEDED = ['Records', 'Records.*.messageId', 'Records.*.body'];
const KAFKA_NEEDED = ['records', 'records.*.*.offset', 'records.*.*.value'];

const sources: readonly Source[] = [
  {
    name: 'sqs',
    samples: ['standard', 'attributes-binary'],
    read: (event) => sqsRecords(event, target),
    fields: SQS_FIELDS,
    needed: SQS_NEEDED,
  },
  {
    name: 'sqs',
    samples: ['fifo-three-groups'],
    read: (event) => sqsRecords(event, target),
    fields: [...SQS_FIELDS, 'Records.*.attributes.MessageGroupId'],
    needed: [...SQS_NEEDED, 'Records.*.attributes.MessageGroupId'],
  },
  {
    name: 'kinesis',
    samples: ['plain', 'binary'],
    read: (event) => kinesisRecords(event, target),
    fields: [
      'Records',
      'Records.*',
      'Records.*.eventID',
      'Records.*.eventSourceARN',
      'Records.*.kinesis',
      'Records.*.kinesis.partitionKey',
      'Records.*.kinesis.sequenceNumber',
      'Records.*.kinesis.data',
      'Records.*.kinesis.approximateArrivalTimestamp',
    ],
    needed: [
      'Records',
      'Records.*.kinesis',
      'Records.*.kinesis.partitionKey',
      'Records.*.kinesis.sequenceNumber',
      'Records.*.kinesis.data',
    ],
  },
  {
    name: 'dynamodb',
    samples: ['plain', 'remove-by-ttl'],
    read: (event) => dynamodbRecords(event, target),
    fields: [
      'Records',
      'Records.*',
      'Records.*.eventID',
      'Records.*.eventName',
      'Records.*.eventSourceARN',
      'Records.*.dynamodb',
      'Records.*.dynamodb.Keys',
      'Records.*.dynamodb.SequenceNumber',
      'Records.*.dynamodb.ApproximateCreationDateTime',
      'Records.*.dynamodb.NewImage',
      'Records.*.dynamodb.OldImage',
    ],
    needed: [
      'Records',
      'Records.*.eventName',
      'Records.*.dynamodb',
      'Records.*.dynamodb.Keys',
      'Records.*.dynamodb.SequenceNumber',
    ],
  },
  {
    name: 'kafka',
    samples: ['plain', 'headers'],
    read: (event) => kafkaRecords(event, target),
    fields: [...KAFKA_FIELDS, 'eventSourceArn'],
    needed: KAFKA_NEEDED,
  },
  {
    name: 'kafka',
    samples: ['self-managed'],
    read: (event) => kafkaRecords(event, target),
    fields: [...KAFKA_FIELDS, 'bootstrapServers'],
    needed: KAFKA_NEEDED,
  },
  {
    name: 'sns',
    samples: ['plain', 'no-attributes'],
    read: (event) => snsRecords(event, target),
    fields: [
      'Records',
      'Records.*',
      'Records.*.Sns',
      'Records.*.Sns.MessageId',
      'Records.*.Sns.Message',
      'Records.*.Sns.TopicArn',
      'Records.*.Sns.Timestamp',
      'Records.*.Sns.Subject',
      'Records.*.Sns.MessageAttributes',
      'Records.*.Sns.MessageAttributes.*',
      'Records.*.Sns.MessageAttributes.*.Value',
    ],
    needed: ['Records', 'Records.*.Sns', 'Records.*.Sns.MessageId', 'Records.*.Sns.Message'],
  },
  {
    name: 'eventbridge',
    samples: ['plain', 'scheduler'],
    read: (event) => eventbridgeRecords(event, target),
    fields: ['id', 'source', 'time', 'detail-type'],
    needed: ['id'],
  },
  {
    name: 's3',
    samples: ['plain', 'removed'],
    read: (event) => s3Records(event, target),
    fields: [
      'Records',
      'Records.*',
      'Records.*.eventName',
      'Records.*.eventTime',
      'Records.*.s3',
      'Records.*.s3.bucket',
      'Records.*.s3.bucket.name',
      'Records.*.s3.bucket.arn',
      'Records.*.s3.object',
      'Records.*.s3.object.key',
      'Records.*.s3.object.sequencer',
    ],
    needed: [
      'Records',
      'Records.*.eventName',
      'Records.*.s3',
      'Records.*.s3.bucket',
      'Records.*.s3.bucket.name',
      'Records.*.s3.object',
      'Records.*.s3.object.key',
    ],
  },
  {
    name: 'direct',
    samples: ['plain', 'list', 'report'],
    read: (event) => directRecords(readDirectEvent(event), target),
    fields: [
      'messages',
      'onFailure',
      ...['', '*.', 'messages.*.'].flatMap((path) =>
        ['id', 'tag', 'keys', 'keys.*', 'properties', 'properties.*', 'shardingKey', 'isBase64Encoded'].map(
          (name) => path + name,
        ),
      ),
      '0',
      '1',
      '2',
      'messages.*',
      // In base64; other bodies may be any JSON.
      '2.body',
    ],
    // "onFailure" belongs to "messages", and is the one that is in the wrong place without those.
    needed: ['body', 'messages.*.body', 'onFailure'],
  },
];

type Path = readonly (string | number)[];

/** Every path into an event, from the top down. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const own = [...path, Array.isArray(value) ? Number(name) : name];
    return [own, ...pathsOf(inner, own)];
  });
}

function valueAt(event: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], event);
}

/** A copy of the event with another value at a path. */
function withValue(event: unknown, path: Path, value: unknown): unknown {
  const copy: unknown = structuredClone(event);
  const last = path.at(-1) ?? '';
  (valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>)[last] = value;
  return copy;
}

/** A copy of the event without a field. */
function withoutField(event: unknown, path: Path): unknown {
  const copy: unknown = structuredClone(event);
  Reflect.deleteProperty(valueAt(copy, path.slice(0, -1)) as object, path.at(-1) ?? '');
  return copy;
}

function isRead({ fields }: Source, path: Path): boolean {
  return fields.some((field) => {
    const steps = field.split('.');
    return steps.length === path.length && steps.every((step, index) => step === '*' || step === String(path[index]));
  });
}

/** The path as errors write it. */
function written(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** The path of a fault with `*` for its places, and for the partition of a Kafka record; of a list of events, that of one. */
function withoutPlaces(fault: string): string {
  return fault
    .replaceAll(/\[\d+\]/g, '.*')
    .replace(/^\.\*\./, '')
    .replace(/^records\.[^.]+/, 'records.*');
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** One value of each JSON type that a field does not have. What may be null may be absent, and its type is not known. */
function wrongValues(value: unknown): unknown[] {
  if (value === null) return [];
  return [true, -0.5, 'wrong', [], {}].filter((wrong) => typeOf(wrong) !== typeOf(value));
}

/** Fields that errors name when the event is read and its messages are made; nothing when all went well. */
function faultsOf(source: Source, event: unknown): string[] {
  const faults: string[] = [];
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof EventError)) throw error;
      expect(error.message).toContain('the event must be');
      faults.push(error.field);
      return undefined;
    }
  };
  for (const record of collect(() => source.read(event)) ?? []) collect(() => record.toMessage());
  return faults;
}

describe.each(sources)('an event of $name, as $samples.0', (source) => {
  const events = source.samples.map((name) => sample<unknown>(source.name, name));

  test('as it comes has no fault', () => {
    for (const event of events) expect(faultsOf(source, event)).toEqual([]);
  });

  test('with the wrong type in a field that is read is refused by that field, and else goes through', () => {
    for (const event of events) {
      for (const path of pathsOf(event)) {
        for (const wrong of wrongValues(valueAt(event, path))) {
          const faults = faultsOf(source, withValue(event, path, wrong));
          const told = { path: written(path), wrong, isRefused: faults.includes(written(path)) };
          expect(told).toEqual({ ...told, isRefused: isRead(source, path) });
          if (!told.isRefused) expect(faults).toEqual([]);
        }
      }
    }
  });

  test('without any field is the same to the function, except for those without which a record is none', () => {
    const refused = new Set<string>();
    for (const event of events) {
      for (const path of pathsOf(event).filter((one) => typeof one.at(-1) === 'string')) {
        const faults = faultsOf(source, withoutField(event, path));
        expect({ path: written(path), count: faults.length }).toEqual({
          path: written(path),
          count: faults.length && 1,
        });
        for (const fault of faults) refused.add(withoutPlaces(fault));
      }
    }
    expect([...refused].toSorted()).toEqual(source.needed.toSorted());
  });

  test('that is no event at all is refused', () => {
    for (const event of [undefined, null, true, 7, 'text']) expect(faultsOf(source, event)).toHaveLength(1);
  });

  test('with anything anywhere is refused by a field, or delivered, and nothing else is thrown', async () => {
    const paths = events.flatMap((event) => pathsOf(event).map((path) => ({ event, path })));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async ({ event, path }, value) => {
        let records: DeliveryRecord[];
        try {
          records = source.read(withValue(event, path, value));
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
          return;
        }
        const delivered = await deliver(records, new FailingProducer().options);
        expect(delivered).toHaveLength(records.length);
        for (const { outcome } of delivered) {
          if (outcome.status === 'failed' && outcome.error instanceof MessageError) {
            expect(outcome.error.field).not.toBe('record');
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('with unknown fields everywhere is the same event', () => {
    for (const event of events) {
      // A direct call is no event of AWS: a field that it does not know is a mistake of the caller.
      if (source.name === 'direct') continue;
      const objects = [[], ...pathsOf(event)].filter((path) => typeOf(valueAt(event, path)) === 'object');
      for (const path of objects.filter((one) => !isMap(source, one))) {
        const added =
          path.length === 0 ? { ...(event as object), unknown: 1 } : withValue(event, [...path, 'unknown'], 1);
        expect({ path: written(path), faults: faultsOf(source, added) }).toEqual({ path: written(path), faults: [] });
      }
    }
  });
});

/** Whether every name below a path is one of the sender's. */
function isMap({ fields }: Source, path: Path): boolean {
  return fields.some((field) => {
    const steps = field.split('.');
    return (
      steps.length === path.length + 1 &&
      steps.at(-1) === '*' &&
      path.every((step, index) => steps[index] === '*' || steps[index] === String(step))
    );
  });
}
