import { Buffer } from 'node:buffer';

/** JSON with its integer keys unquoted, as RocketMQ's servers write maps with numeric keys: `{0:"10.0.0.1:10911"}`. */
export function bareKeysJson(value: unknown): Buffer {
  const text = JSON.stringify(value).replace(/("(?:[^"\\]|\\.)*")(:?)/g, (match, string: string, colon: string) =>
    colon === ':' && /^"-?\d+"$/.test(string) ? `${string.slice(1, -1)}:` : match,
  );
  return Buffer.from(text);
}
