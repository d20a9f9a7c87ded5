import { type ExtFields, requiredField, requiredInteger } from './ext-fields.ts';

/** Header of QUERY_MESSAGE (Java: `QueryMessageRequestHeader`). */
export interface QueryMessageHeader {
  readonly topic: string;
  /** A message id, or a word of the KEYS. */
  readonly key: string;
  /** Most messages to answer; with `UNIQUE_KEY_QUERY` brokers take a number of their own (32) instead. */
  readonly maxNum: number;
  /** Epoch ms at which a message was stored at the earliest. */
  readonly beginAt: number;
  /** Epoch ms at which it was stored at the latest; `Infinity` for no limit. */
  readonly endAt: number;
}

/**
 * Tells a broker that the key is a message id. Beside the header, because releases before 5.1.0 leave it out of what is
 * signed, and later ones do so for clients that declare a version before 4.9.4.
 */
export const UNIQUE_KEY_QUERY: ExtFields = Object.freeze({ _UNIQUE_KEY_QUERY: 'true' });

/** Java's `Long.MAX_VALUE`: no number of JavaScript is as large. */
const NO_END = '9223372036854775807';

/** Writes the header of QUERY_MESSAGE. */
export function encodeQueryMessage({ topic, key, maxNum, beginAt, endAt }: QueryMessageHeader): ExtFields {
  return {
    topic,
    key,
    maxNum: String(maxNum),
    beginTimestamp: String(beginAt),
    endTimestamp: endAt === Number.POSITIVE_INFINITY ? NO_END : String(endAt),
  };
}

/** Reads the header of QUERY_MESSAGE. @throws RemotingCommandError naming a missing or malformed field. */
export function decodeQueryMessage(ext: ExtFields): QueryMessageHeader {
  const end = requiredInteger(ext, 'endTimestamp');
  return {
    topic: requiredField(ext, 'topic'),
    key: requiredField(ext, 'key'),
    maxNum: Number(requiredInteger(ext, 'maxNum')),
    beginAt: Number(requiredInteger(ext, 'beginTimestamp')),
    endAt: String(end) === NO_END ? Number.POSITIVE_INFINITY : Number(end),
  };
}
