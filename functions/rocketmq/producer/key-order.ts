/**
 * Lets one send at a time be under way for each sharding key of a topic. Brokers store pipelined sends of one connection
 * in another order than they were written, so messages with an order wait for each other's answer. Keys that share a
 * queue need not wait for one another: nothing promises an order between them.
 */
export class KeyOrder {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Runs a send when those begun earlier for any of the keys have settled, however they did. */
  run<T>(topic: string, shardingKeys: readonly string[], send: () => Promise<T>): Promise<T> {
    const keys = shardingKeys.map((shardingKey) => `${topic}\n${shardingKey}`);
    const before = keys.flatMap((key) => this.tails.get(key) ?? []);
    const result = before.length === 0 ? send() : Promise.all(before).then(send);
    const tail = result
      .catch(() => undefined)
      .finally(() => {
        for (const key of keys) if (this.tails.get(key) === tail) this.tails.delete(key);
      });
    for (const key of keys) this.tails.set(key, tail);
    return result;
  }
}
