import { Buffer } from 'node:buffer';

/**
 * Bytes as expressions see them. The library knows the types of JSON, and takes a value of any other for false: to it
 * this is an object that is not empty. Its one name is empty too, so that no path finds it, and holds nothing.
 */
class SeenBytes {
  readonly '' = null;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes, or the value itself where it is none of these. */
  static bytesOf(value: unknown): unknown {
    return typeof value === 'object' && value !== null && #bytes in value ? value.#bytes : value;
  }

  /** What they are in events. */
  toJSON(): string {
    return Buffer.from(this.#bytes).toString('base64');
  }
}

/** What expressions are to see of a value: bytes in disguise where there are any, anything else as it is. */
export function seen(value: unknown): unknown {
  return value instanceof Uint8Array && value.length > 0 ? new SeenBytes(value) : value;
}

/** What expressions saw, as it was. */
export function unseen(value: unknown): unknown {
  return SeenBytes.bytesOf(value);
}
