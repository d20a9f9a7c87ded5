import { randomBytes } from '../client/random-bytes.ts';
import type { Clock } from '../clock.ts';
import { encodeUniqKey, UNIQ_KEY_ORIGIN_BYTES } from '../protocol/uniq-key.ts';

/**
 * Ids for messages that bring none: random bytes where Java has address, process and class loader, which repeat between
 * sandboxes. Drawn at first use, and again when the clock went backwards or the index begins anew.
 */
export class MsgIdSource {
  private readonly clock: Clock;
  private origin: Uint8Array | undefined;
  private lastAt = 0;
  private index = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  next(): string {
    const now = this.clock.now();
    this.index = (this.index + 1) & 0xffff;
    if (this.origin === undefined || now < this.lastAt || this.index === 0) {
      this.origin = randomBytes(UNIQ_KEY_ORIGIN_BYTES);
    }
    this.lastAt = now;
    return encodeUniqKey(this.origin, now, this.index);
  }
}
