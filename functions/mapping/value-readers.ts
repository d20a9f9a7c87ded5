import { Buffer } from 'node:buffer';
import { exactDigits } from '../delivery/exact-json.ts';

/** A value is not what its place in a mapping takes; the text says what that is. */
export class UnfitValueError extends Error {}

/** Takes what an expression or a literal gave, null for nothing, as a field of a message. @throws UnfitValueError */
export type ValueReader<T> = (value: unknown) => T;

/** Text with at least one character. */
export function requiredText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UnfitValueError('text that is not empty');
}

/** Text, or a number or boolean as text; undefined for nothing and for empty text. */
export function optionalText(value: unknown): string | undefined {
  if (value === null || value === '') return undefined;
  return wordOf(value, 'text, a number, true or false (to_string(…) makes text of anything)');
}

/** As `optionalText`, but for nothing, which would cost the order of a record whose key is only missing. */
export function shardingKeyText(value: unknown): string | undefined {
  if (value === null) throw new UnfitValueError("text or a number; where a record may have none, end with || ''");
  return optionalText(value);
}

/** One word or a list of them, without those that are null or empty. */
export function words(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((item: unknown) => {
    if (item === null || item === undefined || item === '') return [];
    return [wordOf(item, 'text, a number, or a list of those')];
  });
}

/** A number; undefined for nothing. The producer checks its range. */
export function optionalNumber(value: unknown): number | undefined {
  if (value === null) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new UnfitValueError('a number (of text, to_number(…) makes one)');
}

/** Epoch ms of a number, or of a time in ISO 8601 with its zone; undefined for nothing and for empty text. */
export function optionalInstant(value: unknown): number | undefined {
  if (value === null || value === '') return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const at = typeof value === 'string' && ISO_TIME.test(value) && isOfMonth(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new UnfitValueError('epoch milliseconds, or a time such as 2026-10-28T09:00:00Z');
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** Whether the month of a time has such a day. JavaScript takes the 30th of February for the 2nd of March. */
function isOfMonth(time: string): boolean {
  return new Date(time.slice(0, 10)).getUTCDate() === Number(time.slice(8, 10));
}

/** Text and bytes as they are, anything else as JSON; not nothing. */
export function bodyOf(value: unknown): string | Uint8Array {
  if (value === null || value === '') throw new UnfitValueError('a body: RocketMQ stores no empty message');
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  try {
    return JSON.stringify(value, (_name, inner: unknown) => {
      // A comparison of what is no number: a field that would be absent, and not nothing.
      if (inner === undefined) return null;
      // Bytes within JSON are what they are in events: base64.
      return inner instanceof Uint8Array ? Buffer.from(inner).toString('base64') : inner;
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UnfitValueError('a body that is nested less deeply');
    throw error;
  }
}

function wordOf(value: unknown, expected: string): string {
  const digits = exactDigits(value);
  if (digits !== undefined) return digits;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw new UnfitValueError(expected);
}

/** What a value is, for errors. */
export function describeValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (value instanceof Uint8Array) return `${value.length} bytes that are no text`;
  const digits = exactDigits(value);
  if (digits !== undefined || typeof value === 'number') return `the number ${digits ?? String(value)}`;
  if (typeof value === 'string') return value === '' ? 'empty text' : `the text ${JSON.stringify(value.slice(0, 60))}`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : String(value);
}
