import type { Deadline } from '../deadline.ts';
import type { Batch, Placed } from './batch-plan.ts';
import { type KeyOrder, keyOf, type Turn, turnOf } from './key-order.ts';

interface Place {
  readonly turn: Turn;
  /** Messages of the key that have not settled. */
  open: number;
}

/**
 * Places of a list among the sends of its sharding keys. They are taken at once, all of them, before anything is waited for: what
 * is sent later comes later. The place of a key is left with its last message.
 */
export class KeyTurns {
  readonly #byIndex = new Map<number, Place>();

  constructor(order: KeyOrder, messages: readonly Placed[]) {
    const byKey = new Map<string, Place>();
    for (const { index, message } of messages) {
      const { topic, shardingKey } = message;
      if (shardingKey === undefined) continue;
      const key = keyOf(topic, shardingKey);
      const place = byKey.get(key) ?? { turn: order.enter(topic, shardingKey), open: 0 };
      place.open++;
      byKey.set(key, place);
      this.#byIndex.set(index, place);
    }
  }

  /**
   * Resolves when the keys of a batch have their turn.
   * @throws DeadlineError when one has not in time.
   */
  async come(batch: Batch, deadline: Deadline | undefined): Promise<void> {
    const before = new Set(batch.flatMap(({ index }) => this.#byIndex.get(index)?.turn.before ?? []));
    if (before.size > 0) await turnOf(Promise.all(before), deadline);
  }

  /** A message of the list has been stored, or has failed. */
  settled(index: number): void {
    const place = this.#byIndex.get(index);
    if (place !== undefined && --place.open === 0) place.turn.leave();
  }

  /** Leaves all places that are left. */
  leave(): void {
    for (const { turn } of this.#byIndex.values()) turn.leave();
  }
}
