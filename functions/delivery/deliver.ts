import {
  type Deadline,
  DeadlineError,
  MessageError,
  OrderBlockedError,
  type Producer,
  RocketMQError,
  type SendOutcome,
} from '#rocketmq';
import type { DeliveryRecord } from './delivery-record.ts';
import { EventError } from './event-error.ts';

export interface DeliveryOptions {
  readonly producer: Pick<Producer, 'send'>;
  readonly deadline: Deadline;
  /** Told of each record as it is settled. */
  readonly record: (outcome: SendOutcome, elapsedMs: number, recordId: string) => void;
}

/** What became of one record. */
export interface DeliveredRecord<Record extends DeliveryRecord = DeliveryRecord> {
  readonly record: Record;
  readonly outcome: SendOutcome;
}

/** Records under way at once. */
const RECORDS_AT_ONCE = 256;
/** A record is not begun with less time left: it goes back to the source untouched. */
const SMALLEST_SEND_MS = 50;

/**
 * Sends records as messages: in parallel over ordering keys, one after the other within a key. The first failure of a key
 * stops that key, and every later record of it counts as failed too. Records not begun when the deadline is near are
 * reported, not begun. Never rejects for a record; outcomes come in the order of the records.
 */
export async function deliver<Record extends DeliveryRecord>(
  records: readonly Record[],
  options: DeliveryOptions,
): Promise<DeliveredRecord<Record>[]> {
  const outcomes = new Map<DeliveryRecord, SendOutcome>();
  const lanes = lanesOf(records);
  let next = 0;
  const work = async () => {
    for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++]) await deliverLane(lane, options, outcomes);
  };
  await Promise.all(Array.from({ length: Math.min(RECORDS_AT_ONCE, lanes.length) }, work));
  return records.map((record) => {
    const outcome = outcomes.get(record);
    return { record, outcome: outcome ?? notBegun(options.deadline) };
  });
}

/** Records that must go one after the other: those of one ordering key, and each record without one for itself. */
function lanesOf(records: readonly DeliveryRecord[]): DeliveryRecord[][] {
  const lanes: DeliveryRecord[][] = [];
  const byKey = new Map<string, DeliveryRecord[]>();
  for (const record of records) {
    const lane = record.orderingKey === undefined ? undefined : byKey.get(record.orderingKey);
    if (lane !== undefined) {
      lane.push(record);
      continue;
    }
    const fresh = [record];
    lanes.push(fresh);
    if (record.orderingKey !== undefined) byKey.set(record.orderingKey, fresh);
  }
  return lanes;
}

async function deliverLane(
  lane: readonly DeliveryRecord[],
  options: DeliveryOptions,
  outcomes: Map<DeliveryRecord, SendOutcome>,
): Promise<void> {
  let blockedBy: string | undefined;
  for (const record of lane) {
    const startedAt = performance.now();
    const outcome = blockedBy === undefined ? await deliverOne(record, options) : blocked(blockedBy);
    if (outcome.status === 'failed') blockedBy ??= record.id;
    outcomes.set(record, outcome);
    options.record(outcome, Math.round(performance.now() - startedAt), record.id);
  }
}

async function deliverOne(record: DeliveryRecord, { producer, deadline }: DeliveryOptions): Promise<SendOutcome> {
  if (deadline.remainingMs() < SMALLEST_SEND_MS) return notBegun(deadline);
  try {
    return { status: 'stored', result: await producer.send(record.toMessage(), { deadline }) };
  } catch (error) {
    if (error instanceof RocketMQError) return { status: 'failed', error };
    if (error instanceof EventError) {
      return { status: 'failed', error: new MessageError(error.field, `record ${record.id}: ${error.message}`) };
    }
    // A fault in making the message concerns this record; the others must not be sent again for it.
    return { status: 'failed', error: new MessageError('record', `record ${record.id}: ${String(error)}`) };
  }
}

function notBegun(deadline: Deadline): SendOutcome {
  return { status: 'failed', error: new DeadlineError('record', deadline.remainingMs(), SMALLEST_SEND_MS) };
}

function blocked(blockedBy: string): SendOutcome {
  return { status: 'failed', error: new OrderBlockedError(`record ${blockedBy}`) };
}
