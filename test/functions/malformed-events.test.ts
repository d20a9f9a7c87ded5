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

const sources: readonly Source[] = [
  {
    name: 'sqs',
    samples: ['standard', 'attributes-binary'],
    read: (event) => sqsRecords(event, target),
    fields: SQS_FIELDS,
  },
  {
    name: 'sqs',
    samples: ['fifo-three-groups'],
    read: (event) => sqsRecords(event, target),
    fields: [...SQS_FIELDS, 'Records.*.attributes.MessageGroupId'],
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
  },
  {
    name: 'kafka',
    samples: ['plain', 'headers'],
    read: (event) => kafkaRecords(event, target),
    fields: [...KAFKA_FIELDS, 'eventSourceArn'],
  },
  {
    name: 'kafka',
    samples: ['self-managed'],
    read: (event) => kafkaRecords(event, target),
    fields: [...KAFKA_FIELDS, 'bootstrapServers'],
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
  },
  {
    name: 'eventbridge',
    samples: ['plain', 'scheduler'],
    read: (event) => eventbridgeRecords(event, target),
    fields: ['id', 'source', 'time', 'detail-type'],
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
