import type { Buffer } from 'node:buffer';

/**
 * Whether a 5.x server says nothing to an unreadable frame and keeps the connection: one of an unknown serialize type, or
 * with an empty or non-object JSON header. It closes the connection for any other; 4.9 closes it for these too.
 */
export function isIgnoredFrame(buffer: Buffer, start: number, end: number): boolean {
  if (end - start < 8) return true;
  const typeAndLength = buffer.readInt32BE(start + 4);
  const serializeType = typeAndLength >>> 24;
  if (serializeType !== 0) return serializeType !== 1;
  const header = buffer.toString('utf8', start + 8, Math.min(end, start + 8 + (typeAndLength & 0xffffff)));
  return header === '' || header.startsWith('[');
}
