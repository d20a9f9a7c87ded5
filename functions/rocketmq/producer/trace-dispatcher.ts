import type { ClientInstance } from '../client/client-instance.ts';
import { type Deadline, earlierOf } from '../deadline.ts';
import { encodeTrace, type TraceRecord, traceKeys } from '../protocol/trace-record.ts';
import { type PreparationRules, prepareMessage } from './prepared-message.ts';
import { type SendLimits, SendLoop } from './send-loop.ts';

/** Topic that consoles and `mqadmin queryMsgTraceById` read. It must exist; brokers make it with `traceTopicEnable`. */
export const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
/** Records in one trace message. */
const RECORDS_A_MESSAGE = 10;
/** Records kept for the next flush; more are dropped, as in Java. */
const MOST_RECORDS = 2048;
const FLUSH_TIMEOUT_MS = 5000;

/**
 * Keeps a record of each send and each end of a transaction, and sends them to the trace topic when flushed: at the end of an invocation. Traces never
 * fail a send, and what cannot be flushed in time is dropped.
 */
export class TraceDispatcher {
  readonly #sendLoop: SendLoop;
  readonly #rules: PreparationRules;
  #records: TraceRecord[] = [];

  constructor(client: ClientInstance, group: string, limits: SendLimits, rules: PreparationRules) {
    this.#sendLoop = new SendLoop(client, { ...limits, group: `_INNER_TRACE_PRODUCER-${group}-PRODUCE-1` });
    this.#rules = { ...rules, instanceId: undefined, wrapTopic: (topic) => topic };
    client.onEnd((deadline) => this.flush(deadline));
  }

  /** Keeps a record until the next flush. */
  record(record: TraceRecord): void {
    if (this.#records.length < MOST_RECORDS) this.#records.push(record);
  }

  /** Sends what is kept. Rejects with the first failure, after all were tried; the records are gone then. */
  async flush(deadline: Deadline): Promise<void> {
    const records = this.#records;
    this.#records = [];
    const limit = earlierOf(deadline, FLUSH_TIMEOUT_MS);
    const sends: Promise<unknown>[] = [];
    for (let start = 0; start < records.length; start += RECORDS_A_MESSAGE) {
      const group = records.slice(start, start + RECORDS_A_MESSAGE);
      const body = group.map(encodeTrace).join('');
      const keys = [...new Set(group.flatMap(traceKeys))];
      sends.push(
        this.#sendLoop.send(prepareMessage({ topic: TRACE_TOPIC, body, keys }, this.#rules), undefined, limit),
      );
    }
    await Promise.all(sends);
  }
}
