import { randomBytes } from '../client/random-bytes.ts';
import { encodeUniqKey, UNIQ_KEY_ORIGIN_BYTES, uniqKeyIndex } from '../protocol/uniq-key.ts';

/**
 * Ids for messages that bring none: random bytes where Java has address, process and class loader, which repeat between
 * sandboxes. Drawn at first use, and again when the clock went backwards or the index begins anew.
 */
export class MsgIdSource {
  #origin: Uint8Array | undefined;
  #lastAt = 0;
  #index = 0;
  /** What ids of one origin and instant have in common. */
  #prefix = '';

  /** @param now epoch ms. */
  next(now: number): string {
    this.#index = (this.#index + 1) & 0xffff;
    if (this.#origin === undefined || now < this.#lastAt || this.#index === 0) {
      this.#origin = randomBytes(UNIQ_KEY_ORIGIN_BYTES);
      this.#prefix = '';
    }
    if (now !== this.#lastAt || this.#prefix === '')
      this.#prefix = encodeUniqKey(this.#origin, now, 0).slice(0, -uniqKeyIndex(0).length);
    this.#lastAt = now;
    return this.#prefix + uniqKeyIndex(this.#index);
  }
}
