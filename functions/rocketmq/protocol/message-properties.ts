import { MOST_BYTES_OF_CHAR } from './byte-writer.ts';

/** Names of message properties with a meaning to brokers or clients (Java: `MessageConst`). */
export const MessageProperty = {
  KEYS: 'KEYS',
  TAGS: 'TAGS',
  WAIT: 'WAIT',
  DELAY: 'DELAY',
  UNIQ_KEY: 'UNIQ_KEY',
  SHARDING_KEY: '__SHARDINGKEY',
  TIMER_DELAY_SEC: 'TIMER_DELAY_SEC',
  TIMER_DELAY_MS: 'TIMER_DELAY_MS',
  TIMER_DELIVER_MS: 'TIMER_DELIVER_MS',
  TRAN_MSG: 'TRAN_MSG',
  PGROUP: 'PGROUP',
  TRANSACTION_ID: '__transactionId__',
  TRANSACTION_CHECK_TIMES: 'TRANSACTION_CHECK_TIMES',
  CHECK_IMMUNITY_TIME_IN_SECONDS: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  INSTANCE_ID: 'INSTANCE_ID',
  CORRELATION_ID: 'CORRELATION_ID',
  REPLY_TO_CLIENT: 'REPLY_TO_CLIENT',
  TTL: 'TTL',
  MSG_TYPE: 'MSG_TYPE',
  CLUSTER: 'CLUSTER',
  MSG_REGION: 'MSG_REGION',
  TRACE_ON: 'TRACE_ON',
  REAL_TOPIC: 'REAL_TOPIC',
  REAL_QID: 'REAL_QID',
} as const;

/** What no key may hold: it would end there, or break the properties. */
export const SEPARATORS_OR_BLANK = /[\u0001\u0002\s]/;

/** Names a caller may not set as user properties, because brokers and clients give them a meaning of their own. */
export const RESERVED_PROPERTIES: ReadonlySet<string> = new Set([
  ...Object.values(MessageProperty),
  'TIMER_OUT_MS',
  'TIMER_ENQUEUE_MS',
  'TIMER_DEQUEUE_MS',
  'TIMER_ROLL_TIMES',
  'TIMER_DEL_UNIQKEY',
  'TIMER_DELAY_LEVEL',
  'TRAN_PREPARED_QUEUE_OFFSET',
  'ARRIVE_TIME',
  'PUSH_REPLY_TIME',
  'RETRY_TOPIC',
  'ORIGIN_MESSAGE_ID',
  'RECONSUME_TIME',
  'MAX_RECONSUME_TIMES',
  'MIN_OFFSET',
  'MAX_OFFSET',
  'CONSUME_START_TIME',
  'DLQ_ORIGIN_TOPIC',
  'DLQ_ORIGIN_MESSAGE_ID',
  'BUYER_ID',
  'TRANSFER_FLAG',
  'CORRECTION_FLAG',
  'MQ2_FLAG',
  'DUP_INFO',
  'EXTEND_UNIQ_INFO',
  'POP_CK',
  'POP_CK_OFFSET',
  '1ST_POP_TIME',
  'INNER_MULTI_QUEUE_OFFSET',
  'INNER_NUM',
  'INNER_BASE',
  'INNER_MULTI_DISPATCH',
  'TRACE_CONTEXT',
  'REDIRECT',
  'PROPERTY_FORWARD_QUEUE_ID',
  '__BORNHOST',
  'BORN_TIMESTAMP',
  '__CRC32#',
]);

/**
 * Most bytes of properties we send. A broker stores 32767 with its own additions (cluster, region, trace), which take
 * 62 bytes with default names and more with long ones.
 */
export const MAX_PROPERTIES_BYTES = 32_000;

/** Properties by name, without a prototype: any name is safe. In order of insertion, but integers come first. */
export type MessageProperties = Readonly<Record<string, string>>;

const NAME_END = '\u0001';
/** Ends each pair of a properties string. */
export const PROPERTY_END = '\u0002';

/**
 * `name \u0001 value \u0002` for each pair (Java: `MessageDecoder.messageProperties2String`). There is no escaping:
 * callers refuse names and values with either character, and empty values, which a reader would drop.
 */
export function encodeProperties(properties: MessageProperties): string {
  let text = '';
  for (const name in properties) text += encodeProperty(name, properties[name] ?? '');
  return text;
}

/** No fewer than the bytes of a properties string, told without measuring it. */
export function mostPropertiesBytes(properties: string): number {
  return properties.length * MOST_BYTES_OF_CHAR;
}

/** One pair of a properties string. */
export function encodeProperty(name: string, value: string): string {
  return propertyStart(name) + value + PROPERTY_END;
}

/** A pair of a properties string up to its value. */
export function propertyStart(name: string): string {
  return name + NAME_END;
}

/** Reads a properties string as brokers do: pairs without a name, a value or a separator are dropped, the last name wins. */
export function decodeProperties(text: string): MessageProperties {
  const properties: Record<string, string> = Object.create(null);
  let start = 0;
  let nameEnd = -1;
  while (start < text.length) {
    // Looked for again only when passed, so that a text of many broken pairs is not searched to its end for each.
    if (nameEnd < start) nameEnd = text.indexOf(NAME_END, start);
    if (nameEnd === -1) break;
    const pairEnd = text.indexOf(PROPERTY_END, start);
    const end = pairEnd === -1 ? text.length : pairEnd;
    if (nameEnd > start && nameEnd < end - 1) properties[text.slice(start, nameEnd)] = text.slice(nameEnd + 1, end);
    start = end + 1;
  }
  return properties;
}
