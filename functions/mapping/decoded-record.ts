import { isUtf8 } from 'node:buffer';
import { MessageError } from '#rocketmq';
import { EventError } from '../delivery/event-error.ts';
import { parseExactly } from '../delivery/exact-json.ts';
import type { RecordContent } from '../delivery/record-content.ts';

/**
 * A record with its envelopes opened: what becomes its message where the mapping says nothing, and what expressions
 * see.
 */
export interface OpenedRecord {
  readonly content: RecordContent;
  /** The body out of JSON; text where it is none; bytes where it is not even text; null where there is none. */
  readonly body: unknown;
  /** Envelopes that were opened, out of JSON, the outermost first. */
  readonly envelopes: readonly unknown[];
}

/** The record as its source delivers it. @throws MessageError when its body is JSON that cannot be read */
export function decodedRecord(content: RecordContent): OpenedRecord {
  const { body, decodedBody } = content;
  if (body instanceof EventError) return { content, body: null, envelopes: [] };
  return { content, body: decodedBody === undefined ? decode(body) : decodedBody(), envelopes: [] };
}

/** What expressions see of a record: every name is there, and null where the record has no such thing. */
export function expressionData({ content, body, envelopes }: OpenedRecord): object {
  const { id, source = null, at, properties = {}, shardingKey = null, record } = content;
  return { body, properties, id, source, at, shardingKey, record, envelopes };
}

/** A body out of JSON; as text, where it is no JSON; as it is, where it is no text. */
export function decode(body: string | Uint8Array): unknown {
  if (typeof body !== 'string' && !isUtf8(body)) return new Uint8Array(body.buffer, body.byteOffset, body.length);
  const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  try {
    // A byte order mark, which some write before their JSON, is none of it.
    return parseExactly(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    if (error instanceof RangeError) throw new MessageError('body', 'the body is nested too deeply for a mapping');
    throw error;
  }
}
