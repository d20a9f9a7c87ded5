import type { DeliveryRecord } from '../../functions/delivery/delivery-record.ts';
import { dynamodbRecords } from '../../functions/dynamodb/dynamodb-records.ts';
import { eventbridgeRecords } from '../../functions/eventbridge/eventbridge-records.ts';
import { kafkaRecords } from '../../functions/kafka/kafka-records.ts';
import { kinesisRecords } from '../../functions/kinesis/kinesis-records.ts';
import { s3Records } from '../../functions/s3/s3-records.ts';
import { snsRecords } from '../../functions/sns/sns-records.ts';
import { sqsRecords } from '../../functions/sqs/sqs-records.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { directOutcome } from './direct-outcome.ts';
import { httpOutcome } from './http-outcome.ts';
import { placeOrderOutcome } from './place-order-outcome.ts';

/** What an answer says of the records of its event. */
export interface RecordOutcome {
  /** Record or message ids that must be found among the stored messages. */
  readonly accepted: readonly string[];
  /** Names of records that the source delivers again, or that its caller was told have failed. */
  readonly reported: readonly string[];
}

/** What a local run knows of a source. */
export interface LocalSource {
  /** Sample that warm rounds repeat. */
  readonly warmSample: string;
  /** Fields of events by which a source, or the function, tells records apart. */
  readonly idFields: ReadonlySet<string>;
  /** Topics that samples name themselves. */
  readonly topics?: readonly string[];
  /** Variables of the function besides those that every function gets. */
  readonly environment?: Readonly<Record<string, string>>;
  outcome(event: unknown, result: InvocationResult): RecordOutcome;
}

/** Ids do not depend on it. */
const target = { topic: 'events', traceId: undefined };

type ReadRecords = (event: unknown) => (DeliveryRecord & { readonly itemIdentifier?: unknown })[];

/** Records of an event; none of one that cannot be read, which its function says. */
function recordsOf(read: ReadRecords, event: unknown): ReturnType<ReadRecords> {
  try {
    return read(event);
  } catch {
    // Told by the failure of the invocation.
    return [];
  }
}

/** Of a source that takes back records one by one. */
function batchOutcome(read: ReadRecords): LocalSource['outcome'] {
  return (event, result) => {
    const records = recordsOf(read, event);
    if (result.status !== 'ok') return { accepted: [], reported: records.map(({ id }) => id) };
    const { batchItemFailures } = result.payload as { batchItemFailures: readonly { itemIdentifier: unknown }[] };
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => JSON.stringify(itemIdentifier)));
    const isReported = ({ itemIdentifier }: { readonly itemIdentifier?: unknown }) =>
      failed.has(JSON.stringify(itemIdentifier));
    return {
      accepted: records.filter((record) => !isReported(record)).map(({ id }) => id),
      reported: records.filter(isReported).map(({ id }) => id),
    };
  };
}

/** Of a source that takes back whole events: when the function fails, it delivers all records again. */
function wholeOutcome(read: ReadRecords): LocalSource['outcome'] {
  return (event, { status }) => {
    const ids = recordsOf(read, event).map(({ id }) => id);
    return status === 'ok' ? { accepted: ids, reported: [] } : { accepted: [], reported: ids };
  };
}

const nothing = { accepted: [], reported: [] };

/** Every source that has sample events, in the order in which `--source all` runs them. */
export const localSources: Readonly<Record<string, LocalSource>> = {
  sqs: {
    warmSample: 'standard',
    idFields: new Set(['messageId']),
    outcome: batchOutcome((event) => sqsRecords(event, target)),
  },
  kinesis: {
    warmSample: 'plain',
    idFields: new Set(['eventID', 'sequenceNumber']),
    outcome: batchOutcome((event) => kinesisRecords(event, target)),
  },
  dynamodb: {
    warmSample: 'plain',
    idFields: new Set(['eventID', 'SequenceNumber']),
    outcome: batchOutcome((event) => dynamodbRecords(event, target)),
  },
  kafka: {
    warmSample: 'plain',
    idFields: new Set(['offset']),
    outcome: batchOutcome((event) => kafkaRecords(event, target)),
  },
  sns: {
    warmSample: 'plain',
    idFields: new Set(['MessageId']),
    outcome: wholeOutcome((event) => snsRecords(event, target)),
  },
  eventbridge: {
    warmSample: 'plain',
    idFields: new Set(['id']),
    outcome: wholeOutcome((event) => eventbridgeRecords(event, target)),
  },
  s3: {
    warmSample: 'plain',
    idFields: new Set(['sequencer']),
    outcome: wholeOutcome((event) => s3Records(event, target)),
  },
  http: {
    warmSample: 'http-api',
    idFields: new Set(['requestId']),
    topics: ['orders'],
    outcome: (_event, result) => httpOutcome(result),
  },
  direct: { warmSample: 'plain', idFields: new Set(['id']), outcome: directOutcome },
  'place-order': {
    warmSample: 'plain',
    idFields: new Set(['idempotency-key']),
    outcome: (_event, result) => placeOrderOutcome(result),
  },
  'transaction-check': {
    warmSample: 'scheduled',
    idFields: new Set(['id']),
    // Nothing is open in a run: brokers first ask after seconds.
    environment: { ROCKETMQ_TRANSACTION_AWAKE_MS: '20' },
    outcome: () => nothing,
  },
  schedule: { warmSample: 'plain', idFields: new Set(), outcome: () => nothing },
};
