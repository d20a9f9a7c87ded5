import { inspected } from './needs-util.cjs';

/** Uses a CommonJS module at once, and another one from a chunk. */
export async function handler() {
  const { joined } = await import('./joined.mjs');
  return { inspected: inspected({ a: 1 }), joined: joined('a', 'b') };
}
