import type { EventError } from './event-error.ts';

/** What a record says that becomes a message. */
export interface RecordContent {
  /** ARN of the queue, stream or topic, or else what names the source; undefined where the event does not say. */
  readonly source: string | undefined;
  /** What the source knows the record by, the same on every delivery. */
  readonly id: string;
  /** Place among the records that one record of the source holds; 0 when absent. */
  readonly index?: number;
  /** Instant that belongs to the record itself, epoch ms; not the time of its delivery. */
  readonly at: number;
  /** Or why the record has none, which only a mapping can make up for. */
  readonly body: Uint8Array | string | EventError;
  /** The body as expressions of a mapping see it, where that is not the body itself out of JSON. */
  readonly decodedBody?: () => unknown;
  readonly properties?: Readonly<Record<string, string>>;
  readonly shardingKey?: string | undefined;
  /** Trace that the record itself carries, which tells more than that of the invocation. */
  readonly traceId?: string | undefined;
  /** The record as the event has it, for expressions of a mapping. */
  readonly record: unknown;
}
