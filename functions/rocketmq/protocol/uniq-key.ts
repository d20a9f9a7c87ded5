import { Buffer } from 'node:buffer';

/** Bytes that name the origin of a message id. */
export const UNIQ_KEY_ORIGIN_BYTES = 10;

const bytes = Buffer.alloc(16);
const text = Buffer.alloc(32);
const HEX_DIGITS = Buffer.from('0123456789ABCDEF');

/**
 * Client message id, property `UNIQ_KEY`: `origin 10 bytes · ms since the first of the month 00:00 UTC i32 · index i16`
 * as 32 upper-case hex digits. Java puts address, process and class loader where the origin stands; the length and the
 * place of the time are kept, so that tools read it alike.
 * @param at epoch ms that the id is dated to.
 * @param index tells ids of one origin and instant apart; its low 16 bits count.
 */
export function encodeUniqKey(origin: Uint8Array, at: number, index: number): string {
  for (let index = 0; index < UNIQ_KEY_ORIGIN_BYTES; index++) bytes[index] = origin[index] ?? 0;
  // From the 25th on the ms take a 32nd bit: cut to an int, sign and all, as Java does.
  bytes.writeInt32BE((at - monthStart(at)) | 0, 10);
  bytes.writeUInt16BE(index & 0xffff, 14);
  for (let at = 0; at < 16; at++) {
    const byte = bytes[at] ?? 0;
    text[2 * at] = hexDigit(byte >> 4);
    text[2 * at + 1] = hexDigit(byte);
  }
  return text.toString('latin1');
}

/** The digits that an id ends in: its index. */
export function uniqKeyIndex(index: number): string {
  return String.fromCharCode(hexDigit(index >> 12), hexDigit(index >> 8), hexDigit(index >> 4), hexDigit(index));
}

/** Char code of the digit for the low four bits. */
function hexDigit(bits: number): number {
  return HEX_DIGITS[bits & 15] ?? 0;
}

let cachedStart = 0;
let cachedEnd = 0;

/** First instant of the month, UTC, that an instant lies in. */
function monthStart(at: number): number {
  // Asked this way round, an instant that no calendar has (NaN limits) does not stay in the cache.
  if (!(at >= cachedStart && at < cachedEnd)) {
    const date = new Date(at);
    cachedStart = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    cachedEnd = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  }
  return cachedStart;
}
