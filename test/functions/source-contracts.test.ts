import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { batchAnswer } from '../../functions/delivery/batch-answer.ts';
import { type DeliveryOptions, deliver } from '../../functions/delivery/deliver.ts';
import { throwIfAnyFailed } from '../../functions/delivery/delivery-error.ts';
import type { BatchRecord, DeliveryRecord } from '../../functions/delivery/delivery-record.ts';
import { directAnswer } from '../../functions/direct/direct-answer.ts';
import { readDirectEvent } from '../../functions/direct/direct-event.ts';
import { directRecords } from '../../functions/direct/direct-records.ts';
import { dynamodbRecords } from '../../functions/dynamodb/dynamodb-records.ts';
import { eventbridgeRecords } from '../../functions/eventbridge/eventbridge-records.ts';
import { httpAnswer } from '../../functions/http/http-answer.ts';
import { Deduplication } from '../../functions/invocation/deduplication.ts';
import { type KafkaIdentifier, kafkaRecords } from '../../functions/kafka/kafka-records.ts';
import { kinesisRecords } from '../../functions/kinesis/kinesis-records.ts';
import { systemClock } from '../../functions/rocketmq/clock.ts';
import { s3Records } from '../../functions/s3/s3-records.ts';
import { snsRecords } from '../../functions/sns/sns-records.ts';
import { sqsRecords } from '../../functions/sqs/sqs-records.ts';
import { FailingProducer, type FailureKind, failureKinds } from './failing-producer.ts';
import { requestEvent } from './http/sample-event.ts';

const target = { topic: 'orders', traceId: undefined };

/** Keys of the records of an event, in its order; what is at the place of a record is how it fails. */
interface Case {
  readonly keys: readonly string[];
  readonly failures: readonly (FailureKind | undefined)[];
}

const cases = fc
  .array(
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.constantFrom(...failureKinds), { nil: undefined, freq: 3 })),
    {
      maxLength: 24,
    },
  )
  .map((records): Case => ({ keys: records.map(([key]) => key), failures: records.map(([, failure]) => failure) }));

/** A source that takes failed records back one by one. */
interface BatchSource<Event, Identifier> {
  event(keys: readonly string[]): Event;
  records(event: Event): BatchRecord<Identifier>[];
  /** Whether records of one key keep their order. */
  readonly isOrdered: boolean;
  /** The event that AWS delivers next; undefined when it takes the batch for done. */
  redelivery(event: Event, reported: readonly Identifier[]): Event;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

interface RecordsEvent<Item> {
  readonly Records: readonly Item[];
}

/** A stream goes on from the first record that was reported, whatever became of later ones. */
function fromLowest<Item>(event: RecordsEvent<Item>, idOf: (item: Item) => string, reported: readonly string[]) {
  const ids = event.Records.map(idOf);
  const first = ids.findIndex((id) => reported.includes(id));
  return { Records: first === -1 ? [] : event.Records.slice(first) };
}

function sqs(suffix: '' | '.fifo'): BatchSource<RecordsEvent<{ messageId: string }>, string> {
  return {
    event: (keys) => ({
      Records: keys.map((key, index) => ({
        messageId: `m-${index}`,
        body: `${index}`,
        attributes: { SentTimestamp: `${1793178000000 + index}`, MessageGroupId: key },
        eventSourceARN: `arn:aws:sqs:eu-west-1:123456789012:orders${suffix}`,
      })),
    }),
    records: (event) => sqsRecords(event, target),
    isOrdered: suffix === '.fifo',
    redelivery: ({ Records }, reported) => ({
      Records: Records.filter(({ messageId }) => reported.includes(messageId)),
    }),
  };
}

const kinesis: BatchSource<RecordsEvent<{ kinesis: { sequenceNumber: string } }>, string> = {
  event: (keys) => ({
    Records: keys.map((partitionKey, index) => ({
      eventID: `shardId-000000000000:${100 + index}`,
      eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
      kinesis: {
        partitionKey,
        sequenceNumber: `${100 + index}`,
        data: base64(`${index}`),
        approximateArrivalTimestamp: index,
      },
    })),
  }),
  records: (event) => kinesisRecords(event, target),
  isOrdered: true,
  redelivery: (event, reported) => fromLowest(event, (item) => item.kinesis.sequenceNumber, reported),
};

const dynamodb: BatchSource<RecordsEvent<{ dynamodb: { SequenceNumber: string } }>, string> = {
  event: (keys) => ({
    Records: keys.map((key, index) => ({
      eventID: `e-${index}`,
      eventName: 'MODIFY',
      eventSourceARN: 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026',
      dynamodb: { Keys: { id: { S: key } }, SequenceNumber: `${100 + index}`, ApproximateCreationDateTime: 1 },
    })),
  }),
  records: (event) => dynamodbRecords(event, target),
  isOrdered: true,
  redelivery: (event, reported) => fromLowest(event, (item) => item.dynamodb.SequenceNumber, reported),
};

interface KafkaLikeEvent {
  readonly eventSourceArn: string;
  readonly records: Readonly<Record<string, readonly { offset: number }[]>>;
}

/** Two partitions; a key is always in the same one, and `c` stands for no key. */
const kafka: BatchSource<KafkaLikeEvent, KafkaIdentifier> = {
  event: (keys) => {
    const records: Record<string, { offset: number; key: string | null; value: string }[]> = {};
    for (const [index, key] of keys.entries()) {
      const partition = key === 'a' ? 'orders-0' : 'orders-1';
      records[partition] ??= [];
      records[partition].push({ offset: index, key: key === 'c' ? null : base64(key), value: base64(`${index}`) });
    }
    return { eventSourceArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/1', records };
  },
  records: (event) => kafkaRecords(event, target),
  isOrdered: true,
  redelivery: ({ records, ...event }, reported) => ({
    ...event,
    records: Object.fromEntries(
      Object.entries(records).map(([partition, list]) => {
        const offsets = reported.filter((one) => one.partition === partition).map(({ offset }) => offset);
        return [partition, list.filter(({ offset }) => offset >= Math.min(...offsets))];
      }),
    ),
  }),
};

/** Runs one event, and gives the identifiers reported. */
async function run<Identifier>(records: BatchRecord<Identifier>[], producer: FailingProducer): Promise<Identifier[]> {
  const { batchItemFailures } = batchAnswer(await deliver(records, producer.options));
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

function setFailures(producer: FailingProducer, records: readonly DeliveryRecord[], failures: Case['failures']): void {
  for (const [index, { id }] of records.entries()) {
    const failure = failures[index];
    if (failure !== undefined) producer.failures.set(id, failure);
  }
}

/** Records that must be reported: those that fail, and where there is an order, those after them. */
function mustBeReported<Identifier>(records: BatchRecord<Identifier>[], { failures }: Case, isOrdered: boolean) {
  const stopped = new Set<string | undefined>();
  return records.flatMap(({ orderingKey, itemIdentifier }, index) => {
    const fails = failures[index] !== undefined || (isOrdered && stopped.has(orderingKey));
    if (fails) stopped.add(orderingKey);
    return fails ? [itemIdentifier] : [];
  });
}

/** Message ids in the order in which they were first stored. */
function firstStored(producer: FailingProducer, shardingKey: string | undefined): (string | undefined)[] {
  const ofKey = producer.stored.filter((message) => message.shardingKey === shardingKey);
  return [...new Set(ofKey.map(({ msgId }) => msgId))];
}

function checkContract<Event, Identifier>(source: BatchSource<Event, Identifier>): Promise<void> {
  return fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const event = source.event(one.keys);
      const records = source.records(event);
      const producer = new FailingProducer();
      setFailures(producer, records, one.failures);
      const reported = await run(records, producer);
      expect(reported).toEqual(mustBeReported(records, one, source.isOrdered));
      producer.failures.clear();
      expect(await run(source.records(source.redelivery(event, reported)), producer)).toEqual([]);
      const messages = records.map((record) => record.toMessage());
      expect(new Set(producer.stored.map(({ msgId }) => msgId))).toEqual(new Set(messages.map(({ msgId }) => msgId)));
      expect(new Set(messages.map(({ msgId }) => msgId)).size).toBe(messages.length);
      if (!source.isOrdered) return;
      for (const key of new Set(messages.map(({ shardingKey }) => shardingKey))) {
        const sent = messages.filter(({ shardingKey }) => shardingKey === key).map(({ msgId }) => msgId);
        expect(firstStored(producer, key)).toEqual(sent);
      }
    }),
    { numRuns: 150 },
  );
}

describe('whatever fails of a batch is reported, and what is delivered again for it completes the batch in order', () => {
  test('of a standard SQS queue', () => checkContract(sqs('')));
  test('of a FIFO SQS queue', () => checkContract(sqs('.fifo')));
  test('of a Kinesis shard', () => checkContract(kinesis));
  test('of a DynamoDB stream', () => checkContract(dynamodb));
  test('of Kafka partitions', () => checkContract(kafka));
});

describe('whatever fails of a batch, and fails again, nothing is stored twice where deliveries after the first ask', () => {
  const rounds = fc.tuple(cases, fc.array(fc.array(fc.constantFrom(undefined, ...failureKinds)), { maxLength: 3 }));

  test.each(['', '.fifo'] as const)('of an SQS queue%s', (suffix) =>
    fc.assert(
      fc.asyncProperty(rounds, async ([{ keys, failures }, later]) => {
        const source = sqs(suffix);
        const producer = new FailingProducer();
        const deduplication = new Deduplication('redelivered', producer, systemClock, () => undefined);
        const deadline = deadlineAfter(20_000);
        const findStored: DeliveryOptions['findStored'] = (record, message) =>
          deduplication.find(record, message, { deadline, unchecked: () => undefined });
        let event = source.event(keys);
        for (const [index, ofRound] of [failures, ...later, []].entries()) {
          const records = source.records(withReceiveCount(event, index + 1));
          producer.failures.clear();
          setFailures(producer, records, ofRound);
          const { batchItemFailures } = batchAnswer(await deliver(records, { ...producer.options, findStored }));
          event = source.redelivery(
            event,
            batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
          );
        }
        const ids = producer.stored.map(({ keys: [id] = [] }) => id);
        expect(ids.toSorted()).toEqual(keys.map((_, index) => `m-${index}`).toSorted());
        if (!source.isOrdered) return;
        for (const key of new Set(keys)) {
          const ofKey = producer.stored.filter(({ shardingKey }) => shardingKey === key);
          const inOrder = keys.flatMap((each, index) => (each === key ? [`m-${index}`] : []));
          expect(ofKey.map(({ keys: [id] = [] }) => id)).toEqual(inOrder);
        }
      }),
      { numRuns: 150 },
    ),
  );
});

function withReceiveCount({ Records }: RecordsEvent<{ messageId: string }>, count: number) {
  const again = Records.map((record) => {
    const { attributes = {} } = record as { attributes?: object };
    return { ...record, attributes: { ...attributes, ApproximateReceiveCount: String(count) } };
  });
  return { Records: again };
}

const indices = (keys: readonly string[]) => keys.map((_, index) => index);

/** Sources that take back whole events only, by the records of an event with so many. */
const wholeSources: [string, (keys: readonly string[]) => DeliveryRecord[]][] = [
  [
    'SNS',
    (keys) =>
      snsRecords({ Records: indices(keys).map((n) => ({ Sns: { MessageId: `m-${n}`, Message: `${n}` } })) }, target),
  ],
  [
    'EventBridge',
    (keys) =>
      eventbridgeRecords(
        indices(keys).map((n) => ({ id: `e-${n}`, source: 'orders' })),
        target,
      ),
  ],
  [
    'S3',
    (keys) => {
      const s3 = (n: number) => ({ bucket: { name: 'orders' }, object: { key: `k-${n}`, sequencer: `${n}` } });
      return s3Records({ Records: indices(keys).map((n) => ({ eventName: 'Put', s3: s3(n) })) }, target);
    },
  ],
  [
    'a direct call',
    (keys) => directRecords(readDirectEvent(indices(keys).map((n) => ({ id: `d-${n}`, body: n }))), target),
  ],
];

describe('whatever fails of an event fails the invocation, and the event delivered again adds nothing but equal ids', () => {
  test.each(wholeSources)('of %s', (_name, recordsOf) =>
    fc.assert(
      fc.asyncProperty(cases, async ({ keys, failures }) => {
        const records = recordsOf(keys);
        const producer = new FailingProducer();
        setFailures(producer, records, failures);
        const delivering = deliver(records, producer.options).then(throwIfAnyFailed);
        if (failures.some((failure) => failure !== undefined)) {
          const isPermanent = failures.every((failure) => failure === undefined || failure === 'permanent');
          const name = isPermanent ? 'ROCKETMQ_DELIVERY_PERMANENT' : 'ROCKETMQ_DELIVERY_FAILED';
          await expect(delivering).rejects.toMatchObject({ name });
        } else {
          await delivering;
        }
        producer.failures.clear();
        throwIfAnyFailed(await deliver(recordsOf(keys), producer.options));
        expect(new Set(producer.stored.map(({ msgId }) => msgId)).size).toBe(keys.length);
      }),
      { numRuns: 100 },
    ),
  );

  test('unless a direct call wants failures reported: then each message has its own result', () =>
    fc.assert(
      fc.asyncProperty(cases, async ({ keys, failures }) => {
        const messages = indices(keys).map((n) => ({ id: `d-${n}`, body: n }));
        const event = readDirectEvent({ messages, onFailure: 'report' });
        const records = directRecords(event, target);
        const producer = new FailingProducer();
        setFailures(producer, records, failures);
        const results = [directAnswer(event, await deliver(records, producer.options))].flat();
        expect(results.map((result) => (result.status === 'failed' ? result.outcome : undefined))).toEqual(
          failures.map((failure) => (failure === 'permanent' ? 'notSent' : failure)),
        );
      }),
      { numRuns: 100 },
    ));
});

describe('whatever fails of a request over HTTP', () => {
  interface Message {
    readonly body: string;
    readonly keys: readonly string[];
    readonly shardingKey: string;
    readonly msgId?: string | undefined;
  }

  interface Answer {
    readonly status: number;
    /** Of each message. */
    readonly results: readonly { readonly status: number; readonly msgId: string }[];
  }

  async function post(messages: readonly Message[], producer: FailingProducer): Promise<Answer> {
    const event = requestEvent({ body: messages, headers: { 'idempotency-key': 'request-1' } });
    const invocation = { ...producer.options, environment: { topic: 'orders' } };
    const { statusCode, body } = await httpAnswer(event, invocation, 'invocation-1');
    return { status: statusCode, results: JSON.parse(body).results };
  }

  const requests = cases.map(({ keys, failures }) => ({
    failures,
    messages: keys.map((shardingKey, n): Message => ({ body: `${n}`, keys: [`m-${n}`], shardingKey })),
  }));

  /** Sends a request of which some fails, and sends it or a part of it again when nothing does. */
  function checkRetry(retry: (messages: readonly Message[], first: Answer) => readonly Message[]): Promise<void> {
    return fc.assert(
      fc.asyncProperty(requests, async ({ messages, failures }) => {
        const producer = new FailingProducer();
        for (const [n, failure] of failures.entries()) if (failure) producer.failures.set(`m-${n}`, failure);
        const first = await post(messages, producer);
        expect(first.status === 200).toBe(failures.every((failure) => failure === undefined));
        producer.failures.clear();
        expect((await post(retry(messages, first), producer)).status).toBe(200);
        expect(new Set(producer.stored.map(({ msgId }) => msgId)).size).toBe(messages.length);
        for (const key of ['a', 'b', 'c']) {
          const ofKey = (all: readonly { readonly shardingKey?: string | undefined; readonly body: unknown }[]) =>
            all.filter(({ shardingKey }) => shardingKey === key).map(({ body }) => body);
          expect([...new Set(ofKey(producer.stored))]).toEqual(ofKey(messages));
        }
      }),
      { numRuns: 100 },
    );
  }

  test('is told, and the request sent again under its Idempotency-Key completes it in order', () =>
    checkRetry((messages) => messages));

  test('is told, and those messages alone sent again under their ids complete it in order', () =>
    checkRetry((messages, { results }) =>
      messages.flatMap((message, n) => (results[n]?.status === 200 ? [] : [{ ...message, msgId: results[n]?.msgId }])),
    ));
});

test.each<[string, (keys: readonly string[]) => BatchRecord[]]>([
  ['a standard queue', (keys) => sqsRecords(sqs('').event(keys), target)],
  ['a Kinesis shard', (keys) => kinesisRecords(kinesis.event(keys), target)],
])('10,000 records of %s, with the deadline in the middle: each is stored or reported', async (_name, recordsOf) => {
  const records = recordsOf(Array.from({ length: 10_000 }, (_, index) => `key-${index % 500}`));
  const producer = new FailingProducer();
  const deadline = { remainingMs: () => (producer.stored.length < 3000 ? 1000 : 0) };
  const { batchItemFailures } = batchAnswer(await deliver(records, { ...producer.options, deadline }));
  expect(producer.stored.length).toBeGreaterThanOrEqual(3000);
  expect(producer.stored.length + batchItemFailures.length).toBe(10_000);
  const reported = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const storedIds = new Set(producer.stored.map(({ keys }) => keys?.[0]));
  for (const { id, itemIdentifier } of records) expect(storedIds.has(id)).toBe(!reported.has(itemIdentifier));
});
