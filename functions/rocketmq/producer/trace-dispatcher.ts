import { Buffer } from 'node:buffer';
import type { ClientInstance } from '../client/client-instance.ts';
import { allSettled, type Deadline, earlierOf } from '../deadline.ts';
import { MAX_PROPERTIES_BYTES } from '../protocol/message-properties.ts';
import { encodeTrace, type TraceRecord, traceKeys } from '../protocol/trace-record.ts';
import { type PreparationRules, PreparedMessage } from './prepared-message.ts';
import { type SendLimits, SendLoop } from './send-loop.ts';

/** Topic that consoles and `mqadmin queryMsgTraceById` read. It must exist; brokers make it with `traceTopicEnable`. */
const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
/** Records in one trace message. */
const RECORDS_A_MESSAGE = 10;
/** Records kept for the next flush; more are dropped, as in Java. */
const MOST_RECORDS = 2048;
const FLUSH_TIMEOUT_MS = 5000;
/** What a trace message's own id and flags take of its properties is well below the rest. */
const MOST_KEYS_BYTES = MAX_PROPERTIES_BYTES - 200;

/**
 * Keeps a record of each send and each end of a transaction, and sends them to the trace topic when flushed: at the end of an invocation. Traces never
 * fail a send, and what cannot be flushed in time is dropped.
 */
export class TraceDispatcher {
  readonly #client: ClientInstance;
  readonly #sendLoop: SendLoop;
  readonly #rules: PreparationRules;
  #records: TraceRecord[] = [];
  readonly #flushAtEnd = (deadline: Deadline): Promise<void> => this.flush(deadline);

  constructor(client: ClientInstance, group: string, limits: SendLimits, rules: PreparationRules) {
    this.#client = client;
    this.#sendLoop = new SendLoop(client, { ...limits, group: `_INNER_TRACE_PRODUCER-${group}-PRODUCE-1` });
    this.#rules = { ...rules, instanceId: undefined, wrapTopic: (topic) => topic };
  }

  /** Keeps a record until the next flush. */
  record(record: TraceRecord): void {
    // Each time, for a client would keep those of producers that were shut down.
    if (this.#records.length === 0) this.#client.onEnd(this.#flushAtEnd);
    if (this.#records.length < MOST_RECORDS) this.#records.push(record);
  }

  /** Sends what is kept. Rejects with the first failure, after all have settled; the records are gone then. */
  async flush(deadline: Deadline): Promise<void> {
    const records = this.#records;
    this.#records = [];
    const limit = earlierOf(deadline, FLUSH_TIMEOUT_MS);
    const parts = traceParts(records, this.#rules.maxMessageBytes);
    // Each for itself: one that cannot be sent must not leave others under way behind the end of the invocation.
    await allSettled(parts.map((part) => this.#send(part, limit)));
  }

  async #send({ body, keys }: TracePart, limit: Deadline): Promise<void> {
    const message = { topic: TRACE_TOPIC, body, keys: [...keys] };
    await this.#sendLoop.send(new PreparedMessage(message, this.#rules), undefined, limit);
  }
}

/** What one trace message holds. */
interface TracePart {
  body: string;
  readonly keys: Set<string>;
  records: number;
  bodyBytes: number;
  keysBytes: number;
}

/** Records as messages of ten, or of fewer where ten are larger, or have more keys, than a message may. */
function traceParts(records: readonly TraceRecord[], maxBodyBytes: number): TracePart[] {
  const parts: TracePart[] = [];
  for (const record of records) {
    const text = encodeTrace(record);
    const textBytes = Buffer.byteLength(text);
    const { keys, keysBytes } = fittingKeys(record);
    let part = parts.at(-1);
    if (
      part === undefined ||
      part.records === RECORDS_A_MESSAGE ||
      part.bodyBytes + textBytes > maxBodyBytes ||
      part.keysBytes + keysBytes > MOST_KEYS_BYTES
    ) {
      part = { body: '', keys: new Set(), records: 0, bodyBytes: 0, keysBytes: 0 };
      parts.push(part);
    }
    part.body += text;
    for (const key of keys) part.keys.add(key);
    part.records++;
    part.bodyBytes += textBytes;
    part.keysBytes += keysBytes;
  }
  return parts;
}

/** Keys of a record as far as one message has room: its own had no room for the id of the message among them. */
function fittingKeys(record: TraceRecord): { keys: string[]; keysBytes: number } {
  let keysBytes = 0;
  const keys = traceKeys(record).filter((key) => {
    // With the blank behind it.
    const bytes = Buffer.byteLength(key) + 1;
    if (keysBytes + bytes > MOST_KEYS_BYTES) return false;
    keysBytes += bytes;
    return true;
  });
  return { keys, keysBytes };
}
