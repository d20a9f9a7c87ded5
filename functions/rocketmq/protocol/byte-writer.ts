import { Buffer } from 'node:buffer';

/** Up to this length a loop over char codes is cheaper than the call into native code. */
const SHORT_STRING_CHARS = 48;

/** Of UTF-8, for a UTF-16 code unit. */
export const MOST_BYTES_OF_CHAR = 3;

const SMALLEST_BLOCK_BYTES = 4096;
/** Of the block after a full one whose bytes somebody still holds. */
const LARGEST_NEXT_BLOCK_BYTES = 65_536;
/**
 * A larger block is not kept to be written again: a function would hold the memory of its largest message for life, and of
 * all that it sent at once until it sends again.
 */
const LARGEST_KEPT_BLOCK_BYTES = 4 * 1024 * 1024;

/** Something that writes itself where there is room for it. */
export interface Encodable {
  /** Bytes it takes. */
  readonly length: number;
  encodeInto(block: Buffer, at: number): void;
}

/** It in a buffer of its own. */
export function encodedBytes(value: Encodable): Buffer {
  const bytes = Buffer.allocUnsafe(value.length);
  value.encodeInto(bytes, 0);
  return bytes;
}

/**
 * Growing block that frames are written into one after the other, so that all frames of one tick leave in one write
 * and no frame needs a buffer of its own. Written again and again (`rewind`), it makes no garbage either. Integers are
 * big-endian, strings UTF-8. Positions count from the last `take`.
 */
export class ByteWriter {
  #block: Buffer;
  /** Where in the block the bytes since the last `take` begin, and end. */
  #start = 0;
  #end = 0;

  /** @param initialBytes first capacity; grows by doubling. */
  constructor(initialBytes = SMALLEST_BLOCK_BYTES) {
    this.#block = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written since the last `take`. */
  get byteLength(): number {
    return this.#end - this.#start;
  }

  /** Hands over what was written, and goes on behind it: what was taken is not written again before `rewind`. */
  take(): Buffer {
    const taken = this.#block.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#letGoOfLarge();
    return taken;
  }

  /**
   * Begins at the front of the block again, for whoever knows that nobody holds anything taken any more. What was written since
   * the last `take` is dropped.
   */
  rewind(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Called where nothing is written since the last `take`. */
  #letGoOfLarge(): void {
    if (this.#block.length <= LARGEST_KEPT_BLOCK_BYTES) return;
    this.#block = Buffer.allocUnsafe(LARGEST_NEXT_BLOCK_BYTES);
    this.#start = 0;
    this.#end = 0;
  }

  /** Makes room for so many more bytes. */
  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#block.length) return;
    const { byteLength } = this;
    const nextBytes = Math.min(this.#block.length, LARGEST_NEXT_BLOCK_BYTES);
    const grown = Buffer.allocUnsafe(Math.max(byteLength * 2, byteLength + bytes, nextBytes));
    this.#block.copy(grown, 0, this.#start, this.#end);
    this.#block = grown;
    this.#start = 0;
    this.#end = byteLength;
  }

  i8(value: number): void {
    this.#reserve(1);
    this.#block[this.#end++] = value;
  }

  i16(value: number): void {
    this.#reserve(2);
    this.#block[this.#end++] = value >> 8;
    this.#block[this.#end++] = value;
  }

  i32(value: number): void {
    this.#reserve(4);
    putI32(this.#block, this.#end, value);
    this.#end += 4;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#block.set(value, this.#end);
    this.#end += value.length;
  }

  encoded(value: Encodable): void {
    this.#reserve(value.length);
    value.encodeInto(this.#block, this.#end);
    this.#end += value.length;
  }

  /** Writes a string without a length before it; answers its length in bytes. */
  utf8(value: string): number {
    this.#reserve(value.length * MOST_BYTES_OF_CHAR);
    const bytes = putUtf8(this.#block, this.#end, value);
    this.#end += bytes;
    return bytes;
  }

  /** Writes `key (i16 + bytes) · value (i32 + bytes)`. The key must be ASCII. */
  entry(key: string, value: string): void {
    this.#reserve(6 + key.length + value.length * MOST_BYTES_OF_CHAR);
    const block = this.#block;
    const chars = key.length;
    let at = this.#end;
    block[at++] = chars >> 8;
    block[at++] = chars;
    for (let index = 0; index < chars; index++) block[at++] = key.charCodeAt(index);
    const bytes = putUtf8(block, at + 4, value);
    putI32(block, at, bytes);
    this.#end = at + 4 + bytes;
  }

  /** Leaves four bytes open and answers where they are, to be filled by `fillI32`. */
  skipI32(): number {
    this.#reserve(4);
    const at = this.#end - this.#start;
    this.#end += 4;
    return at;
  }

  /** Fills four bytes left open by `skipI32`. */
  fillI32(at: number, value: number): void {
    putI32(this.#block, this.#start + at, value);
  }

  /** Takes back everything written after a position, for a frame that turned out not to be sendable. */
  truncate(byteLength: number): void {
    this.#end = this.#start + byteLength;
    if (byteLength === 0) this.#letGoOfLarge();
  }
}

/** Writes a big-endian integer where there is room for it. */
export function putI32(block: Buffer, at: number, value: number): void {
  block[at] = value >> 24;
  block[at + 1] = value >> 16;
  block[at + 2] = value >> 8;
  block[at + 3] = value;
}

/** Writes a string where there is room for it; answers its length in bytes. */
function putUtf8(block: Buffer, at: number, value: string): number {
  const chars = value.length;
  if (chars <= SHORT_STRING_CHARS) {
    let index = 0;
    for (; index < chars; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) break;
      block[at + index] = code;
    }
    if (index === chars) return chars;
  }
  return block.write(value, at, 'utf8');
}
