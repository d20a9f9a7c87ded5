import type { DeliveryRecord } from '../../functions/delivery/delivery-record.ts';
import type { MessageTarget } from '../../functions/delivery/message-target.ts';
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
  /** Ids of records that the filter of a mapping leaves out. */
  readonly filtered?: readonly string[];
}

type ReadRecords = (
  event: unknown,
  target: MessageTarget,
) => (DeliveryRecord & { readonly itemIdentifier?: unknown })[];

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
  /** Records of an event, of a source that takes a mapping for them; none of an event that its function cannot read. */
  readonly records?: ReadRecords;
  /** @param target with the mapping of the run, where there is one */
  outcome(event: unknown, result: InvocationResult, target?: MessageTarget): RecordOutcome;
}

/** Without a mapping ids do not depend on it. */
const anyTarget: MessageTarget = { topic: 'events', traceId: undefined };

function readable(read: ReadRecords): ReadRecords {
  return (event, target) => {
    try {
      return read(event, target);
    } catch {
      // Told by the failure of the invocation.
      return [];
    }
  };
}

/** Whether a mapping leaves a record out. One that it cannot judge has failed, or was dropped. */
export function isFiltered(record: DeliveryRecord): boolean {
  try {
    return record.isFiltered?.() ?? false;
  } catch {
    // Told by the answer, or by the log.
    return false;
  }
}

/** Of records that the source does not deliver again. */
function doneOutcome(records: readonly DeliveryRecord[]): Required<Pick<RecordOutcome, 'accepted' | 'filtered'>> {
  const { filtered = [], accepted = [] } = Object.groupBy(records, (one) =>
    isFiltered(one) ? 'filtered' : 'accepted',
  );
  return { accepted: accepted.map(({ id }) => id), filtered: filtered.map(({ id }) => id) };
}

/** Of a source that takes back records one by one. */
function batch(read: ReadRecords): Pick<LocalSource, 'records' | 'outcome'> {
  const recordsOf = readable(read);
  const outcome: LocalSource['outcome'] = (event, result, target = anyTarget) => {
    const records = recordsOf(event, target);
    if (result.status !== 'ok') return { accepted: [], reported: records.map(({ id }) => id) };
    const { batchItemFailures } = result.payload as { batchItemFailures: readonly { itemIdentifier: unknown }[] };
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => JSON.stringify(itemIdentifier)));
    const isReported = ({ itemIdentifier }: { readonly itemIdentifier?: unknown }) =>
      failed.has(JSON.stringify(itemIdentifier));
    return {
      ...doneOutcome(records.filter((record) => !isReported(record))),
      reported: records.filter(isReported).map(({ id }) => id),
    };
  };
  return { records: recordsOf, outcome };
}

/** Of a source that takes back whole events: when the function fails, it delivers all records again. */
function whole(read: ReadRecords): Pick<LocalSource, 'records' | 'outcome'> {
  const recordsOf = readable(read);
  const outcome: LocalSource['outcome'] = (event, { status }, target = anyTarget) => {
    const records = recordsOf(event, target);
    if (status === 'ok') return { ...doneOutcome(records), reported: [] };
    return { accepted: [], reported: records.map(({ id }) => id) };
  };
  return { records: recordsOf, outcome };
}

const nothing = { accepted: [], reported: [] };

/** Every source that has sample events, in the order in which `--source all` runs them. */
export const localSources: Readonly<Record<string, LocalSource>> = {
  sqs: {
    warmSample: 'standard',
    idFields: new Set(['messageId']),
    ...batch(sqsRecords),
  },
  kinesis: {
    warmSample: 'plain',
    idFields: new Set(['eventID', 'sequenceNumber']),
    ...batch(kinesisRecords),
  },
  dynamodb: {
    warmSample: 'plain',
    idFields: new Set(['eventID', 'SequenceNumber']),
    ...batch(dynamodbRecords),
  },
  kafka: {
    warmSample: 'plain',
    idFields: new Set(['offset']),
    ...batch(kafkaRecords),
  },
  sns: {
    warmSample: 'plain',
    idFields: new Set(['MessageId']),
    ...whole(snsRecords),
  },
  eventbridge: {
    warmSample: 'plain',
    idFields: new Set(['id']),
    ...whole(eventbridgeRecords),
  },
  s3: {
    warmSample: 'plain',
    idFields: new Set(['sequencer']),
    ...whole(s3Records),
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
