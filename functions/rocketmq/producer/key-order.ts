import { type Deadline, settledBy } from '../deadline.ts';
import { DeadlineError } from '../errors.ts';

/** A place among the sends of a key. */
export interface Turn {
  /** Settles when those ahead have; undefined where none is. Does not reject. */
  readonly before: Promise<unknown> | undefined;
  /** Lets the next one go. */
  readonly leave: () => void;
}

/**
 * Lets one send at a time be under way for each sharding key of a topic. Brokers store pipelined sends of one connection
 * in another order than they were written, so messages with an order wait for each other's answer. Keys that share a
 * queue need not wait for one another: nothing promises an order between them.
 */
export class KeyOrder {
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Runs a send when those begun earlier for the key have settled, however they did.
   * @param deadline how long it may wait for them, who may be of an invocation with more time. Without one, until then.
   * @throws DeadlineError when it did not get its turn in time, and so was not begun; else what the send throws.
   */
  run<T>(topic: string, shardingKey: string, send: () => Promise<T>, deadline?: Deadline): Promise<T> {
    const key = keyOf(topic, shardingKey);
    const before = this.#tails.get(key);
    const result = before === undefined ? send() : turnOf(before, deadline).then(send);
    this.#follow(
      key,
      before,
      result.catch(() => undefined),
    );
    return result;
  }

  /**
   * Takes a place behind those begun earlier for a key, and before all that come later, at once: for sends that are begun one
   * after the other. It has to be left when the last of them has settled.
   */
  enter(topic: string, shardingKey: string): Turn {
    const key = keyOf(topic, shardingKey);
    const before = this.#tails.get(key);
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#follow(key, before, left);
    return { before, leave };
  }

  #follow(key: string, before: Promise<unknown> | undefined, settled: Promise<unknown>): void {
    // One that gave up waiting has settled before those ahead of it, for which the next one has to wait all the same.
    const tail: Promise<unknown> = (before === undefined ? settled : Promise.all([settled, before])).finally(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    this.#tails.set(key, tail);
  }
}

/** What sends that wait for each other have in common. */
export function keyOf(topic: string, shardingKey: string): string {
  return `${topic}\n${shardingKey}`;
}

/**
 * Waits for sends of the same keys that are ahead.
 * @throws DeadlineError when the deadline, if there is one, passes first.
 */
export function turnOf(before: Promise<unknown>, deadline: Deadline | undefined): Promise<unknown> {
  if (deadline === undefined) return before;
  return settledBy(before, deadline, () => new DeadlineError('send (one of its sharding key is under way)', 0, 1));
}
