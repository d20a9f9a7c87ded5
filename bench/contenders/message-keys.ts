const KEYS = 10_000;

/**
 * Keys for messages, one after the other, over and over. They are made beforehand: Node keeps the text of each number for a
 * while, and of a new number for each message that memory, and the collections it causes, are no client's.
 */
export function messageKeys(): () => string {
  const keys = Array.from({ length: KEYS }, (_, number) => `key-${number}`);
  let turn = 0;
  return () => keys[turn++ % KEYS] ?? '';
}
