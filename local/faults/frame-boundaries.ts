const LENGTH_BYTES = 4;

/** Bytes of one frame, or of a part of it. */
export interface FramePiece {
  readonly bytes: Buffer;
  /** Whether the first of these bytes is the first of its frame. */
  readonly isFrameStart: boolean;
}

/**
 * Follows where frames begin in a stream of `length(4, big-endian) | length bytes`, however it is chopped up. It never waits
 * for a frame to be whole, so it delays nothing.
 */
export class FrameBoundaries {
  /** Bytes of the length word that have come, 0 between two frames. */
  #lengthBytesSeen = 0;
  #length = 0;
  /** Bytes of the present frame's content still to come, once its length is known. */
  #contentBytesLeft = 0;

  /** Cuts a chunk where frames begin. */
  split(chunk: Buffer): FramePiece[] {
    const pieces: FramePiece[] = [];
    let at = 0;
    while (at < chunk.length) {
      const isFrameStart = this.#lengthBytesSeen === 0;
      const end = this.#endOfFrame(chunk, at);
      pieces.push({ bytes: chunk.subarray(at, end), isFrameStart });
      at = end;
    }
    return pieces;
  }

  #endOfFrame(chunk: Buffer, start: number): number {
    let at = start;
    while (this.#lengthBytesSeen < LENGTH_BYTES) {
      if (at === chunk.length) return at;
      this.#length = this.#length * 256 + chunk.readUInt8(at++);
      this.#lengthBytesSeen++;
      if (this.#lengthBytesSeen === LENGTH_BYTES) this.#contentBytesLeft = this.#length;
    }
    const taken = Math.min(this.#contentBytesLeft, chunk.length - at);
    this.#contentBytesLeft -= taken;
    if (this.#contentBytesLeft === 0) {
      this.#lengthBytesSeen = 0;
      this.#length = 0;
    }
    return at + taken;
  }
}
