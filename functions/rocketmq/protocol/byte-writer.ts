import { Buffer } from 'node:buffer';

/** Below this length a loop over char codes is cheaper than the call into native code. */
const SHORT_STRING_CHARS = 48;

/**
 * Growing buffer that frames are written into one after the other, so that all frames of one tick leave in one write
 * and no frame needs a buffer of its own. Integers are big-endian, strings UTF-8.
 */
export class ByteWriter {
  private buffer: Buffer;
  private length = 0;

  /** @param initialBytes first capacity; grows by doubling. */
  constructor(initialBytes = 4096) {
    this.buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written since the last `take`. */
  get byteLength(): number {
    return this.length;
  }

  /** Hands over what was written, and starts anew in memory of its own. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    // What is left of the block goes on being used: the taken part is never written again.
    this.buffer = this.buffer.subarray(this.length);
    this.length = 0;
    if (this.buffer.length < 1024) this.buffer = Buffer.allocUnsafe(Math.max(4096, Math.min(taken.length * 2, 65536)));
    return taken;
  }

  /** Makes room for so many more bytes. */
  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes, 4096));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  i8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  i16(value: number): void {
    this.reserve(2);
    this.buffer[this.length++] = value >> 8;
    this.buffer[this.length++] = value;
  }

  i32(value: number): void {
    this.reserve(4);
    this.putI32(this.length, value);
    this.length += 4;
  }

  i64(value: number | bigint): void {
    this.reserve(8);
    this.buffer.writeBigInt64BE(BigInt(value), this.length);
    this.length += 8;
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** Writes a string without a length before it; answers its length in bytes. */
  utf8(value: string): number {
    const start = this.length;
    const chars = value.length;
    this.reserve(chars * 3);
    if (chars <= SHORT_STRING_CHARS) {
      const buffer = this.buffer;
      let index = 0;
      for (; index < chars; index++) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        buffer[start + index] = code;
      }
      if (index === chars) {
        this.length = start + chars;
        return chars;
      }
    }
    const written = this.buffer.write(value, start, 'utf8');
    this.length = start + written;
    return written;
  }

  /** Leaves four bytes open and answers where they are, to be filled by `fillI32`. */
  skipI32(): number {
    this.reserve(4);
    const at = this.length;
    this.length += 4;
    return at;
  }

  /** Fills four bytes left open by `skipI32`. */
  fillI32(at: number, value: number): void {
    this.putI32(at, value);
  }

  /** Takes back everything written after a position, for a frame that turned out not to be sendable. */
  truncate(byteLength: number): void {
    this.length = byteLength;
  }

  private putI32(at: number, value: number): void {
    const buffer = this.buffer;
    buffer[at] = value >> 24;
    buffer[at + 1] = value >> 16;
    buffer[at + 2] = value >> 8;
    buffer[at + 3] = value;
  }
}
