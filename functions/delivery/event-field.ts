import { Buffer } from 'node:buffer';
import { EventError } from './event-error.ts';

/** Fields by name, of an event that nobody has checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object of fields. @throws EventError that names the field, as every function here. */
export function fieldsOf(value: unknown, field: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EventError(field, 'an object', value);
  }
  return value as Fields;
}

/** As `fieldsOf`, for a field that may be absent or null: then there are none. */
export function optionalFieldsOf(value: unknown, field: string): Fields {
  return value === undefined || value === null ? {} : fieldsOf(value, field);
}

/** The value as a list, which may be empty. */
export function listOf(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new EventError(field, 'a list', value);
  return value;
}

/** The value as text with at least one character. */
export function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new EventError(field, 'a string', value);
  if (value === '') throw new EventError(field, 'a string that is not empty', value);
  return value;
}

/** The value as text; undefined where it is absent, null or empty. */
export function optionalTextOf(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return textOf(value, field);
}

/** The end of base64 text, padded. Its last character may hold bits that belong to no byte. */
const LAST_QUARTET = /^(?:|[A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==))$/;

/**
 * The bytes that base64 text stands for. Node would skip what is no base64, and so send other bytes than the event has.
 */
export function bytesOf(value: unknown, field: string): Uint8Array {
  if (typeof value !== 'string') throw new EventError(field, 'text in base64', value);
  const bytes = Buffer.from(value, 'base64');
  const again = bytes.toString('base64');
  const isWhole = again.length === value.length && again.slice(0, -4) === value.slice(0, -4);
  if (!isWhole || !LAST_QUARTET.test(value.slice(-4))) throw new EventError(field, 'text in base64', value);
  return bytes;
}

/** A whole number from 0 on. */
export function countOf(value: unknown, field: string): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw new EventError(field, 'a whole number from 0 on', value);
  return Number(value);
}

/**
 * Epoch ms of a time in epoch seconds, which may have a fraction. 0 where it is absent: the id of the record is made
 * without it then, and stays the same with each delivery.
 */
export function instantOfSeconds(value: unknown, field: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !(value >= 0 && value <= LAST_SECOND)) {
    throw new EventError(field, 'a time in epoch seconds', value);
  }
  return Math.round(value * 1000);
}

/** Epoch ms of a time in ISO 8601; 0 where it is absent. */
export function instantOfText(value: unknown, field: string): number {
  const text = optionalTextOf(value, field);
  if (text === undefined) return 0;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new EventError(field, 'a time in ISO 8601', value);
  return at;
}

/** The last one that a JavaScript date can have. */
const LAST_SECOND = 8.64e12;
