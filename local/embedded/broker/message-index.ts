import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import type { StoreEntry } from './store-entry.ts';

/** Finds messages by their id or by a word of their KEYS (Java: `IndexService`, which is hash based; this one is exact). */
export class MessageIndex {
  readonly #byUniqKey = new Map<string, StoreEntry[]>();
  readonly #byKey = new Map<string, StoreEntry[]>();

  add(entry: StoreEntry): void {
    const { topic, properties } = entry.message;
    const uniqKey = properties[MessageProperty.UNIQ_KEY];
    if (uniqKey !== undefined) push(this.#byUniqKey, indexKey(topic, uniqKey), entry);
    const words = new Set((properties[MessageProperty.KEYS] ?? '').split(' ').filter((word) => word !== ''));
    // One index holds both in Java, so an id is found as a key too.
    if (uniqKey !== undefined) words.add(uniqKey);
    for (const word of words) push(this.#byKey, indexKey(topic, word), entry);
  }

  /** Entries in the order they were stored. */
  find(kind: 'UNIQ_KEY' | 'KEYS', topic: string, key: string): readonly StoreEntry[] {
    return (kind === MessageProperty.UNIQ_KEY ? this.#byUniqKey : this.#byKey).get(indexKey(topic, key)) ?? [];
  }
}

function indexKey(topic: string, key: string): string {
  return `${topic}#${key}`;
}

function push(map: Map<string, StoreEntry[]>, key: string, entry: StoreEntry): void {
  const entries = map.get(key);
  if (entries === undefined) map.set(key, [entry]);
  else entries.push(entry);
}
