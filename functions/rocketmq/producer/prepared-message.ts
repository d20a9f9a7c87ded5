import { Buffer } from 'node:buffer';
import { MessageError } from '../errors.ts';
import {
  encodeProperties,
  MAX_PROPERTIES_BYTES,
  MessageProperty,
  RESERVED_PROPERTIES,
} from '../protocol/message-properties.ts';
import type { Message } from './message.ts';
import { topicFault } from './names.ts';

/** A message checked and encoded once; every attempt sends the same bytes. */
export interface PreparedMessage {
  readonly topic: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly msgId: string;
  readonly shardingKey: string | undefined;
  readonly flag: number;
  /** Epoch ms. */
  readonly bornAt: number;
}

/** \u0001 and \u0002 separate properties, and nothing escapes them. */
const SEPARATORS = /[\u0001\u0002]/;

/**
 * Checks a message and encodes what every attempt sends. The message is left as it is.
 * @param newMsgId called when the message brings no id of its own.
 * @throws MessageError for what a broker would refuse, cut, lose or deliver otherwise than meant.
 */
export function prepareMessage(
  message: Message,
  maxMessageBytes: number,
  newMsgId: () => string,
  now: number,
): PreparedMessage {
  if (typeof message !== 'object' || message === null)
    throw new MessageError('message', 'the message is not an object');
  const { topic, flag = 0, shardingKey } = message;
  const fault = topicFault(topic);
  if (fault !== undefined) throw new MessageError('topic', fault);
  if (!Number.isInteger(flag) || flag !== (flag | 0)) {
    throw new MessageError('flag', `flag ${flag} is not a whole number of 32 bits`);
  }
  const body = checkedBody(message.body, maxMessageBytes);
  const msgId = message.msgId ?? newMsgId();
  const properties = encodeProperties(allProperties(message, msgId));
  if (properties.length * 3 > MAX_PROPERTIES_BYTES) {
    const bytes = Buffer.byteLength(properties);
    if (bytes > MAX_PROPERTIES_BYTES) {
      throw new MessageError('properties', `properties take ${bytes} bytes, over the limit of ${MAX_PROPERTIES_BYTES}`);
    }
  }
  return { topic, body, properties, msgId, shardingKey, flag, bornAt: now };
}

function checkedBody(body: unknown, maxMessageBytes: number): Uint8Array {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (!(bytes instanceof Uint8Array)) throw new MessageError('body', 'the body must be a Uint8Array or a string');
  if (bytes.length === 0) throw new MessageError('body', 'the body is empty: brokers store no empty message');
  if (bytes.length > maxMessageBytes) {
    throw new MessageError('body', `the body has ${bytes.length} bytes, over the limit of ${maxMessageBytes}`);
  }
  return bytes;
}

function allProperties(message: Message, msgId: string): Record<string, string> {
  const properties: Record<string, string> = Object.create(null);
  for (const name in message.properties) {
    if (RESERVED_PROPERTIES.has(name)) {
      throw new MessageError('properties', `property name "${name}" is reserved by RocketMQ: choose another`);
    }
    properties[checkedText('properties', 'property name', name)] = checkedText(
      'properties',
      `property "${name}"`,
      message.properties[name],
    );
  }
  const { keys, tag, shardingKey } = message;
  if (keys !== undefined && !Array.isArray(keys)) throw new MessageError('keys', 'the keys are not a list');
  if (keys !== undefined && keys.length > 0) {
    for (const key of keys) {
      if (/\s/.test(checkedText('keys', 'key', key))) {
        throw new MessageError('keys', `key "${key}" holds a blank, which separates keys`);
      }
    }
    properties[MessageProperty.KEYS] = keys.join(' ');
  }
  properties[MessageProperty.UNIQ_KEY] = checkedText('msgId', 'message id', msgId);
  properties[MessageProperty.WAIT] = message.waitStoreMsgOk === false ? 'false' : 'true';
  if (tag !== undefined) properties[MessageProperty.TAGS] = checkedText('tag', 'tag', tag);
  if (shardingKey !== undefined) {
    properties[MessageProperty.SHARDING_KEY] = checkedText('shardingKey', 'sharding key', shardingKey);
  }
  return properties;
}

function checkedText(field: string, what: string, value: unknown): string {
  if (typeof value !== 'string') throw new MessageError(field, `${what} is not a string`);
  if (value === '') throw new MessageError(field, `${what} is empty, which a broker would drop`);
  if (SEPARATORS.test(value)) {
    throw new MessageError(field, `${what} holds \\u0001 or \\u0002, which separate properties`);
  }
  return value;
}
