import { type Deadline, settledBy } from '../deadline.ts';
import { DeadlineError } from '../errors.ts';

/**
 * Lets one send at a time be under way for each sharding key of a topic. Brokers store pipelined sends of one connection
 * in another order than they were written, so messages with an order wait for each other's answer. Keys that share a
 * queue need not wait for one another: nothing promises an order between them.
 */
export class KeyOrder {
  readonly #tails = new Map<string, Promise<unknown>>();

  /**
   * Runs a send when those begun earlier for any of the keys have settled, however they did.
   * @param deadline how long it may wait for them, who may be of an invocation with more time. Without one, until then.
   * @throws DeadlineError when it did not get its turn in time, and so was not begun; else what the send throws.
   */
  run<T>(topic: string, shardingKeys: readonly string[], send: () => Promise<T>, deadline?: Deadline): Promise<T> {
    const keys = shardingKeys.map((shardingKey) => `${topic}\n${shardingKey}`);
    const before = keys.flatMap((key) => this.#tails.get(key) ?? []);
    const result = before.length === 0 ? send() : turnOf(before, deadline).then(send);
    const settled = result.catch(() => undefined);
    // One that gave up waiting has settled before those ahead of it, for which the next one has to wait all the same.
    const tail: Promise<unknown> = (before.length === 0 ? settled : Promise.all([settled, ...before])).finally(() => {
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    for (const key of keys) this.#tails.set(key, tail);
    return result;
  }
}

function turnOf(before: readonly Promise<unknown>[], deadline: Deadline | undefined): Promise<unknown> {
  const turn = Promise.all(before);
  if (deadline === undefined) return turn;
  return settledBy(turn, deadline, () => new DeadlineError('send (one of its sharding key is under way)', 0, 1));
}
