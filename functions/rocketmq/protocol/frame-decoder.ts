import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';

/** Largest whole frame, length word included, in either direction (Java: `NettyDecoder`). */
export const MAX_FRAME_BYTES = 16_777_216;

/** Type and header length: less cannot follow the length word. */
const SMALLEST_LENGTH = 4;

/**
 * Receives one whole frame as a range of a buffer, length word included. The buffer must not be changed. It may be the chunk that
 * was pushed: who reads into that again has the frame only until the listener returns.
 */
export type FrameListener = (buffer: Buffer, start: number, end: number) => void;

/**
 * Cuts a stream of bytes into frames, however it was split on the way. Holds at most one incomplete frame, in a buffer
 * of the size that frame announced, which is at most `maxFrameBytes`.
 */
export class FrameDecoder {
  readonly #onFrame: FrameListener;
  readonly #maxFrameBytes: number;
  readonly #lengthWord = Buffer.alloc(4);
  /** The incomplete frame, once its length word is known. */
  #partial: Buffer | undefined;
  /** Bytes present of the incomplete frame, its length word included. */
  #filledBytes = 0;

  constructor(onFrame: FrameListener, maxFrameBytes = MAX_FRAME_BYTES) {
    this.#onFrame = onFrame;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of an incomplete frame held now. */
  get bufferedBytes(): number {
    return this.#filledBytes;
  }

  /**
   * Takes the next bytes of the stream, all of a chunk or so many from its beginning, and delivers each frame they complete.
   * Keeps none of the chunk.
   * @throws RemotingCommandError for a length that no frame can have: nothing after it can be read.
   */
  push(chunk: Buffer, bytes = chunk.length): void {
    let at = this.#filledBytes > 0 ? this.#complete(chunk, bytes) : 0;
    while (bytes - at >= 4) {
      const frameBytes = this.#readFrameBytes(chunk, at);
      if (bytes - at < frameBytes) {
        this.#partial = Buffer.allocUnsafe(frameBytes);
        this.#filledBytes = chunk.copy(this.#partial, 0, at, bytes);
        return;
      }
      const start = at;
      at += frameBytes;
      this.#onFrame(chunk, start, at);
    }
    this.#filledBytes += chunk.copy(this.#lengthWord, this.#filledBytes, at, bytes);
  }

  /** Adds bytes to the incomplete frame, and delivers it when it is whole; answers how many bytes it took. */
  #complete(chunk: Buffer, bytes: number): number {
    let at = 0;
    if (this.#partial === undefined) {
      at = chunk.copy(this.#lengthWord, this.#filledBytes, 0, bytes);
      this.#filledBytes += at;
      if (this.#filledBytes < 4) return at;
      this.#partial = Buffer.allocUnsafe(this.#readFrameBytes(this.#lengthWord, 0));
      this.#lengthWord.copy(this.#partial);
    }
    const frame = this.#partial;
    const copiedBytes = chunk.copy(frame, this.#filledBytes, at, bytes);
    this.#filledBytes += copiedBytes;
    if (this.#filledBytes < frame.length) return at + copiedBytes;
    this.#partial = undefined;
    this.#filledBytes = 0;
    this.#onFrame(frame, 0, frame.length);
    return at + copiedBytes;
  }

  #readFrameBytes(buffer: Buffer, at: number): number {
    const length = buffer.readInt32BE(at);
    if (length < SMALLEST_LENGTH) throw new RemotingCommandError(`frame length ${length} is too small`, at);
    if (length + 4 > this.#maxFrameBytes) {
      throw new RemotingCommandError(`frame of ${length + 4} bytes is over the limit of ${this.#maxFrameBytes}`, at);
    }
    return length + 4;
  }
}
