// Started by end-with-parent.ts. Reads lines `+<leftover>` and `-<leftover>` from its parent; when the input ends, the parent
// is gone, and what is still on the list is ended.
import { createInterface } from 'node:readline';
import { endLeftovers, type Leftover } from './end-with-parent.ts';

const open = new Map<string, Leftover>();
for await (const line of createInterface({ input: process.stdin })) {
  const entry = line.slice(1);
  if (line.startsWith('+')) open.set(entry, JSON.parse(entry));
  else open.delete(entry);
}
endLeftovers(open.values());
