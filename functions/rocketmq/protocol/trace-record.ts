import { SEPARATORS_OR_BLANK } from './message-properties.ts';

/** What kind of message a trace record tells of; the number is what the record holds (Java: `MessageType` ordinal). */
export const TraceMessageType = { NORMAL: 0, TRANSACTION_HALF: 1, TRANSACTION_COMMIT: 2, DELAY: 3, ORDER: 4 } as const;

/** What every record says of its message. */
interface TracedMessage {
  readonly regionId: string;
  /** Without namespace. */
  readonly group: string;
  /** Without namespace. */
  readonly topic: string;
  /** Of a half message the transaction's id as well. */
  readonly msgId: string;
  readonly tags: string | undefined;
  readonly keys: string | undefined;
  /** Address of the broker. */
  readonly storeHost: string;
}

/** A send, as consoles and `mqadmin queryMsgTraceById` show it (Java: `TraceContext`, `TraceBean`). */
export interface PublishTraceRecord extends TracedMessage {
  /** Epoch ms at which the send began. */
  readonly startedAt: number;
  /** Bytes as sent, so after compression. */
  readonly bodyBytes: number;
  readonly costMs: number;
  readonly messageType: number;
  readonly offsetMsgId: string;
  readonly isSuccess: boolean;
}

/** The end of a transaction, as it was told to a broker (Java: `TraceType.EndTransaction`). */
export interface EndTransactionTraceRecord extends TracedMessage {
  /** Epoch ms at which it was told. */
  readonly endedAt: number;
  /** Java: `LocalTransactionState`. */
  readonly state: 'COMMIT_MESSAGE' | 'ROLLBACK_MESSAGE' | 'UNKNOW';
  /** Whether the broker had asked. */
  readonly isFromCheck: boolean;
}

export type TraceRecord = PublishTraceRecord | EndTransactionTraceRecord;

const FIELD_END = '\u0001';
const RECORD_END = '\u0002';

/**
 * `Pub \u0001 started ms \u0001 region \u0001 group \u0001 topic \u0001 msgId \u0001 tags \u0001 keys \u0001 store host \u0001
 * body bytes \u0001 cost ms \u0001 type \u0001 offset msgId \u0001 success \u0002` (Java: `TraceDataEncoder`). Missing tags and
 * keys are written as Java writes them, as the text `null`.
 */
function encodePublishTrace(record: PublishTraceRecord): string {
  const fields = [
    'Pub',
    record.startedAt,
    ...messageFields(record),
    record.bodyBytes,
    record.costMs,
    record.messageType,
    record.offsetMsgId,
    record.isSuccess,
  ];
  return fields.join(FIELD_END) + RECORD_END;
}

/**
 * `EndTransaction \u0001 told at ms \u0001 region \u0001 group \u0001 topic \u0001 msgId \u0001 tags \u0001 keys \u0001 store
 * host \u0001 type \u0001 transaction id \u0001 state \u0001 from check \u0002` (Java: `TraceDataEncoder`).
 */
function encodeEndTransactionTrace(record: EndTransactionTraceRecord): string {
  const fields = [
    'EndTransaction',
    record.endedAt,
    ...messageFields(record),
    TraceMessageType.TRANSACTION_COMMIT,
    record.msgId,
    record.state,
    record.isFromCheck,
  ];
  return fields.join(FIELD_END) + RECORD_END;
}

function messageFields({ regionId, group, topic, msgId, tags, keys, storeHost }: TracedMessage): string[] {
  return [regionId, group, topic, msgId, tags ?? 'null', keys ?? 'null', storeHost];
}

/** A record of either kind. */
export function encodeTrace(record: TraceRecord): string {
  return 'state' in record ? encodeEndTransactionTrace(record) : encodePublishTrace(record);
}

/** Words that a trace message is found by: the message id, and the user's keys. What cannot be a key is left out. */
export function traceKeys(record: TraceRecord): string[] {
  const words = [record.msgId, ...(record.keys?.split(' ') ?? [])];
  return words.filter((word) => word !== '' && !SEPARATORS_OR_BLANK.test(word));
}
