import {
  type Deadline,
  DeadlineError,
  type Message,
  MessageError,
  monotonicMs,
  OrderBlockedError,
  type Producer,
  RocketMQError,
  type SendOutcome,
  type SendResult,
} from '#rocketmq';
import type { DeliveryRecord, SentRecord } from './delivery-record.ts';
import { EventError } from './event-error.ts';
import { isMessageAtFault } from './message-fault.ts';
import type { RecordOutcome } from './record-outcome.ts';

/** How records are sent. `context.rocketmq` of `withProducer` has all of it. */
export interface DeliveryOptions {
  readonly producer: Pick<Producer, 'send'>;
  /** When the last send must be over. */
  readonly deadline: Deadline;
  /**
   * Finds the message of a record where an earlier delivery stored it; undefined where it need not be looked for.
   * Absent: no record is looked for.
   */
  readonly findStored?: (record: DeliveryRecord, message: Message) => Promise<SendResult | undefined> | undefined;
  /** Called with each record's outcome, as soon as it is known. */
  readonly record: (outcome: RecordOutcome, elapsedMs: number, recordId: string) => void;
}

/** What became of one record. */
export interface DeliveredRecord<Record extends DeliveryRecord = DeliveryRecord, Outcome = RecordOutcome> {
  readonly record: Record;
  readonly outcome: Outcome;
}

/** Records under way at once. */
export const RECORDS_AT_ONCE = 256;
/** A record is not begun with less time left: it goes back to the source untouched. */
const SMALLEST_SEND_MS = 50;

/**
 * Sends records as messages: in parallel over ordering keys, one after the other within a key. The first failure of a
 * key stops that key, and every later record of it counts as failed too; one that is filtered or dropped stops nothing.
 * What an earlier delivery stored is not sent again, where `findStored` finds it. Records not begun when the deadline
 * is near are reported, not begun. Never rejects for a record; outcomes come in the order of the records.
 */
export function deliver<Record extends SentRecord>(
  records: readonly Record[],
  options: DeliveryOptions,
): Promise<DeliveredRecord<Record, SendOutcome>[]>;
export function deliver<Record extends DeliveryRecord>(
  records: readonly Record[],
  options: DeliveryOptions,
): Promise<DeliveredRecord<Record>[]>;
export async function deliver<Record extends DeliveryRecord>(
  records: readonly Record[],
  options: DeliveryOptions,
): Promise<DeliveredRecord<Record>[]> {
  const outcomes = new Array<RecordOutcome | undefined>(records.length);
  const notBegun = sharedNotBegun(options.deadline);
  const lanes = lanesOf(records);
  const sendOptions = { deadline: options.deadline };
  let next = 0;
  const work = async () => {
    for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++]) {
      let blockedBy: string | undefined;
      let blocked: SendOutcome | undefined;
      for (const index of lane) {
        const record = records[index] as Record;
        const startedAt = monotonicMs();
        if (blockedBy !== undefined) {
          blocked ??= { status: 'failed', error: new OrderBlockedError(`record ${blockedBy}`) };
        }
        let outcome: RecordOutcome;
        if (blocked !== undefined) outcome = blocked;
        else if (options.deadline.remainingMs() < SMALLEST_SEND_MS) outcome = notBegun();
        else {
          // Here and not in a function of its own: an async function more costs as much as all else that is done for a record.
          try {
            const storing = record.isFiltered?.() ? undefined : store(record, options, sendOptions);
            outcome = storing === undefined ? { status: 'filtered' } : { status: 'stored', result: await storing };
          } catch (thrown) {
            outcome = failureOf(record, thrown);
          }
        }
        if (outcome.status === 'failed') blockedBy ??= record.id;
        outcomes[index] = outcome;
        options.record(outcome, Math.round(monotonicMs() - startedAt), record.id);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(RECORDS_AT_ONCE, lanes.length) }, work));
  return records.map((record, index) => ({ record, outcome: outcomes[index] ?? notBegun() }));
}

/** Places of the records that go one after the other: those of one ordering key, and each without one for itself. */
function lanesOf(records: readonly DeliveryRecord[]): number[][] {
  const lanes: number[][] = [];
  const byKey = new Map<string, number[]>();
  for (const [index, { orderingKey }] of records.entries()) {
    const lane = orderingKey === undefined ? undefined : byKey.get(orderingKey);
    if (lane !== undefined) {
      lane.push(index);
      continue;
    }
    const fresh = [index];
    lanes.push(fresh);
    if (orderingKey !== undefined) byKey.set(orderingKey, fresh);
  }
  return lanes;
}

/** Makes the message of a record and sends it, where it is not found to be stored already. @throws whatever keeps it from being made */
function store(
  record: DeliveryRecord,
  { producer, findStored }: DeliveryOptions,
  sendOptions: { readonly deadline: Deadline },
): Promise<SendResult> {
  const message = record.toMessage();
  const finding = findStored?.(record, message);
  if (finding === undefined) return producer.send(message, sendOptions);
  return finding.then((stored) => stored ?? producer.send(message, sendOptions));
}

function failureOf(record: DeliveryRecord, thrown: unknown): RecordOutcome {
  const error = deliveryFault(thrown, record.id);
  // A fault in making the message may be ours, and not the record's: it is reported in any case.
  if (error === undefined) {
    return { status: 'failed', error: new MessageError('record', `record ${record.id}: ${String(thrown)}`) };
  }
  return { status: record.isDroppable && isMessageAtFault(error) ? 'dropped' : 'failed', error };
}

/** What was thrown, as an error that tells whether a retry can help; undefined for what nobody foresaw. */
function deliveryFault(thrown: unknown, recordId: string): RocketMQError | undefined {
  if (thrown instanceof RocketMQError) return thrown;
  return thrown instanceof EventError
    ? new MessageError(thrown.field, `record ${recordId}: ${thrown.message}`)
    : undefined;
}

/**
 * The outcome of every record that is not begun for want of time: one for all, since there may be thousands, and to
 * make so many errors would take what is left of the time.
 */
function sharedNotBegun(deadline: Deadline): () => SendOutcome {
  let shared: SendOutcome | undefined;
  return () => {
    shared ??= { status: 'failed', error: new DeadlineError('record', deadline.remainingMs(), SMALLEST_SEND_MS) };
    return shared;
  };
}
