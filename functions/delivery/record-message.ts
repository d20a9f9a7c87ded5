import type { Message } from '#rocketmq';
import { ORIGIN_PROPERTIES } from './event-properties.ts';
import { recordMsgId } from './record-msg-id.ts';

/** Where the messages of an invocation go, and what they carry of it. */
export interface MessageTarget {
  readonly topic: string;
  /** X-Ray trace of the invocation; undefined where there is none. */
  readonly traceId: string | undefined;
}

/** What a record says that becomes a message. */
export interface RecordContent {
  /** ARN of the queue, stream or topic, or else what names the source; undefined where the event does not say. */
  readonly source: string | undefined;
  /** What the source knows the record by, the same on every delivery. */
  readonly id: string;
  /** Instant that belongs to the record itself, epoch ms; not the time of its delivery. */
  readonly at: number;
  readonly body: Uint8Array | string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly shardingKey?: string | undefined;
  /** Trace that the record itself carries, which tells more than that of the invocation. */
  readonly traceId?: string | undefined;
}

/**
 * The message of a record. Its message id is made from `source`, `id` and `at` alone, so that it is the same on every
 * delivery; `source` and `id` can be read from the properties `aws.source` and `aws.id`, and `id` is a key besides, its
 * blanks percent-encoded.
 */
export function recordMessage({ topic, traceId }: MessageTarget, content: RecordContent): Message {
  const { source = '', id, at, body, shardingKey } = content;
  const properties: Record<string, string> = Object.assign(Object.create(null), content.properties);
  if (source !== '') properties[ORIGIN_PROPERTIES.source] = source;
  properties[ORIGIN_PROPERTIES.id] = id;
  const trace = content.traceId ?? traceId;
  if (trace !== undefined) properties[ORIGIN_PROPERTIES.traceId] = trace;
  return {
    topic,
    body,
    keys: [id.replace(/\s/g, encodeURIComponent)],
    properties,
    msgId: recordMsgId({ sourceArn: source, recordId: id, at }),
    ...(shardingKey === undefined ? {} : { shardingKey }),
  };
}

/** The target of an invocation, from what its context has under `rocketmq`. */
export function messageTarget(invocation: {
  readonly environment: { readonly topic: string };
  readonly traceId: string | undefined;
}): MessageTarget {
  return { topic: invocation.environment.topic, traceId: invocation.traceId };
}
