import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import type { StoreEntry } from './store-entry.ts';

/**
 * Finds messages by their id or by a word of their KEYS, which share one index, so that either is found as the other (Java:
 * `IndexService`, which is hash based; this one is exact).
 */
export class MessageIndex {
  readonly #entries = new Map<string, StoreEntry[]>();

  add(entry: StoreEntry): void {
    const { topic, properties } = entry.message;
    const words = new Set((properties[MessageProperty.KEYS] ?? '').split(' ').filter((word) => word !== ''));
    const uniqKey = properties[MessageProperty.UNIQ_KEY];
    if (uniqKey !== undefined) words.add(uniqKey);
    for (const word of words) {
      const key = indexKey(topic, word);
      const entries = this.#entries.get(key);
      if (entries === undefined) this.#entries.set(key, [entry]);
      else entries.push(entry);
    }
  }

  /** Entries in the order they were stored. */
  find(topic: string, key: string): readonly StoreEntry[] {
    return this.#entries.get(indexKey(topic, key)) ?? [];
  }
}

function indexKey(topic: string, key: string): string {
  return `${topic}#${key}`;
}
