import { producerOptionRules } from '#rocketmq';

/** Rule for the value of a field, in the words of JSON Schema: the OpenAPI document has the same, and a test compares them. */
export type FieldRule =
  | { readonly type: 'string'; readonly minLength: 1; readonly pattern?: string }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'array'; readonly items: FieldRule }
  | { readonly type: 'object'; readonly additionalProperties: FieldRule };

/** Largest body of a message, out of base64. */
export const MAX_BODY_BYTES = Number(producerOptionRules.maxMessageBytes.default);
/** Longest delay that brokers with their default settings keep. */
export const MAX_DELAY_MS = Number(producerOptionRules.maxDelayMs.default);
/** Messages of one request. */
export const MAX_MESSAGES = 1000;
/** Last instant of the calendar that JavaScript and Java agree upon, epoch ms. */
const LAST_INSTANT = 8_640_000_000_000_000;

/** Properties of a message are stored as text between \u0001 and \u0002, and nothing escapes them. */
const WITHOUT_SEPARATORS = '^[^\\u0001\\u0002]*$';

const TEXT = { type: 'string', minLength: 1, pattern: WITHOUT_SEPARATORS } as const;

/** Fields of a message, as a request has them. */
export const fieldRules = {
  body: { type: 'string', minLength: 1 },
  bodyBase64: { type: 'string', minLength: 1, pattern: '^[A-Za-z0-9+/]+={0,2}$' },
  tag: TEXT,
  keys: { type: 'array', items: { type: 'string', minLength: 1, pattern: '^[^\\s\\u0001\\u0002]*$' } },
  properties: { type: 'object', additionalProperties: TEXT },
  shardingKey: TEXT,
  delayLevel: { type: 'integer', minimum: 1, maximum: 18 },
  delayMs: { type: 'integer', minimum: 1, maximum: MAX_DELAY_MS },
  deliverAt: { type: 'integer', minimum: 1, maximum: LAST_INSTANT },
  msgId: { type: 'string', minLength: 1, pattern: '^[A-Za-z0-9._:-]{1,128}$' },
} as const satisfies Readonly<Record<string, FieldRule>>;

/** What a pattern asks for, in words. */
export const patternMeanings: Readonly<Record<string, string>> = {
  [WITHOUT_SEPARATORS]: 'must not hold \\u0001 or \\u0002, which separate properties',
  [fieldRules.bodyBase64.pattern]: 'must be base64 of the standard alphabet, with its padding',
  [fieldRules.keys.items.pattern]: 'must not hold a blank, which separates keys, nor \\u0001 or \\u0002',
  [fieldRules.msgId.pattern]: 'must have 1 to 128 characters of A-Z a-z 0-9 . _ : -',
};
