import { Buffer } from 'node:buffer';
import { MessageError } from '../errors.ts';
import {
  encodeProperty,
  MAX_PROPERTIES_BYTES,
  MessageProperty,
  mostPropertiesBytes,
  PROPERTY_END,
  propertyStart,
  RESERVED_PROPERTIES,
  SEPARATORS_OR_BLANK,
} from '../protocol/message-properties.ts';
import { MQVersion } from '../protocol/mq-version.ts';
import type { Message } from './message.ts';
import { messageDelay } from './message-delay.ts';
import { checkFields } from './message-fields.ts';
import { topicFault } from './names.ts';
import type { SendUnit, VersionNeed } from './send-unit.ts';

/** What preparing a message needs to know of its producer. */
export interface PreparationRules {
  readonly maxMessageBytes: number;
  readonly maxDelayMs: number;
  /** @param now epoch ms. */
  readonly newMsgId: (now: number) => string;
  readonly now: () => number;
  /** Name of the topic as the cluster knows it, its namespace included. */
  readonly wrapTopic: (topic: string) => string;
  /** Property `INSTANCE_ID`: the namespace of the first kind. */
  readonly instanceId: string | undefined;
}

/** Properties that the client itself sets, besides those of the message. */
export type ExtraProperties = Readonly<Record<string, string>>;

// What every message has is written in few long pieces: each piece that is put together costs memory of its own.
const KEYS = propertyStart(MessageProperty.KEYS);
const UNIQ_KEY = propertyStart(MessageProperty.UNIQ_KEY);
const END_AND_UNIQ_KEY = PROPERTY_END + UNIQ_KEY;
const END_AND_WAIT = PROPERTY_END + encodeProperty(MessageProperty.WAIT, 'true');
const END_AND_NO_WAIT = PROPERTY_END + encodeProperty(MessageProperty.WAIT, 'false');

/** \u0001 and \u0002 separate properties, and nothing escapes them. */
const SEPARATORS = /[\u0001\u0002]/;
/** What no key may hold: `SEPARATORS_OR_BLANK`, and half of a surrogate pair, for which alone its range stands with the flag `u`. */
const WRONG_IN_KEY = new RegExp(`${SEPARATORS_OR_BLANK.source}|[\\ud800-\\udfff]`, 'u');

const TIMER_NEED = {
  version: MQVersion.V5_0_0,
  feature: 'a delay in ms or an instant of delivery',
  otherwise: 'deliver at once',
};

/**
 * A message checked and encoded once; every attempt sends the same bytes. A class, since V8 counts how many objects of a literal
 * outlive a collection, and where thousands wait for their answers it makes all later ones old from the start: each then keeps
 * what it refers to until the next full collection.
 */
export class PreparedMessage implements SendUnit {
  readonly topic: string;
  readonly msgId: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly sysFlag: number = 0;
  readonly flag: number;
  readonly bornAt: number;
  readonly isBatch: boolean = false;
  readonly needs: VersionNeed | undefined;
  readonly shardingKey: string | undefined;
  readonly waitStoreMsgOk: boolean;
  /** Whether it may go inside a batch, where a broker ignores or refuses delays. */
  readonly isBatchable: boolean;

  /**
   * The message is left as it is.
   * @param bornAt epoch ms; messages of one list share it.
   * @throws MessageError for what a broker would refuse, cut, lose or deliver otherwise than meant.
   */
  constructor(message: Message, rules: PreparationRules, extra?: ExtraProperties, bornAt = rules.now()) {
    checkFields(message);
    const { flag = 0, shardingKey } = message;
    const topic = checkedTopic(message, rules);
    if (!Number.isInteger(flag) || flag !== (flag | 0)) {
      throw new MessageError('flag', `flag ${flag} is not a whole number of 32 bits`);
    }
    const body = checkedBody(message.body, rules.maxMessageBytes);
    const msgId = message.msgId ?? rules.newMsgId(bornAt);
    const delay = messageDelay(message, rules.maxDelayMs, bornAt);
    // Written straight into the text: an object of them would cost more than all the rest of a small message.
    let properties = userProperties(message) + clientProperties(message, msgId);
    if (delay !== undefined) properties += encodeProperty(delay.property, delay.value);
    if (rules.instanceId !== undefined) properties += encodeProperty(MessageProperty.INSTANCE_ID, rules.instanceId);
    if (extra !== undefined) properties += extraProperties(extra);
    this.topic = topic;
    this.msgId = msgId;
    this.body = body;
    this.properties = checkedProperties(properties);
    this.flag = flag;
    this.bornAt = bornAt;
    this.needs = delay?.isTimer ? TIMER_NEED : undefined;
    this.shardingKey = shardingKey;
    this.waitStoreMsgOk = message.waitStoreMsgOk !== false;
    this.isBatchable = delay === undefined;
  }
}

/** Topic of a message as the cluster knows it. @throws MessageError when nobody may send to it. */
export function checkedTopic(message: Message, { wrapTopic }: Pick<PreparationRules, 'wrapTopic'>): string {
  const fault = topicFault(message.topic);
  if (fault !== undefined) throw new MessageError('topic', fault);
  const topic = wrapTopic(message.topic);
  const fullFault = topic === message.topic ? undefined : topicFault(topic);
  if (fullFault !== undefined) throw new MessageError('topic', `with its namespace, ${fullFault}`);
  return topic;
}

function checkedBody(body: unknown, maxMessageBytes: number): Uint8Array {
  if (typeof body === 'string' && !body.isWellFormed()) throw notInUtf8('body', 'the body');
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (!(bytes instanceof Uint8Array)) throw new MessageError('body', 'the body must be a Uint8Array or a string');
  if (bytes.length === 0) throw new MessageError('body', 'the body is empty: brokers store no empty message');
  if (bytes.length > maxMessageBytes) {
    throw new MessageError('body', `the body has ${bytes.length} bytes, over the limit of ${maxMessageBytes}`);
  }
  return bytes;
}

function checkedProperties(properties: string): string {
  // Short ones need not be measured.
  if (mostPropertiesBytes(properties) <= MAX_PROPERTIES_BYTES) return properties;
  const bytes = Buffer.byteLength(properties);
  if (bytes <= MAX_PROPERTIES_BYTES) return properties;
  throw new MessageError('properties', `properties take ${bytes} bytes, over the limit of ${MAX_PROPERTIES_BYTES}`);
}

function userProperties({ properties }: Message): string {
  if (properties === undefined || properties === null) return '';
  // Of a Map, in which other clients take them, a loop over names would find none, and they would be lost without a word.
  if (typeof properties !== 'object' || Symbol.iterator in properties) {
    const form = 'an object with a text for each name; of a Map, give Object.fromEntries(map)';
    throw new MessageError('properties', `the properties are not ${form}`);
  }
  let text = '';
  for (const name in properties) {
    if (RESERVED_PROPERTIES.has(name)) {
      throw new MessageError('properties', `property name "${name}" is reserved by RocketMQ: choose another`);
    }
    text += checkedProperty(name, properties[name]);
  }
  return text;
}

/** What hooks and requests add: their names may be reserved, their texts are checked all the same. */
function extraProperties(extra: ExtraProperties): string {
  let text = '';
  for (const name in extra) text += checkedProperty(name, extra[name]);
  return text;
}

function checkedProperty(name: string, value: unknown): string {
  const checkedName = checkedText('properties', 'property name', name);
  return encodeProperty(checkedName, checkedText('properties', `property "${name}"`, value));
}

function clientProperties(message: Message, msgId: string): string {
  const { keys, tag, shardingKey } = message;
  if (keys !== undefined && !Array.isArray(keys)) throw new MessageError('keys', 'the keys are not a list');
  let text = keys === undefined || keys.length === 0 ? UNIQ_KEY : KEYS + checkedKeys(keys) + END_AND_UNIQ_KEY;
  text += message.msgId === undefined ? msgId : checkedText('msgId', 'message id', msgId);
  text += message.waitStoreMsgOk === false ? END_AND_NO_WAIT : END_AND_WAIT;
  if (tag !== undefined) text += tagProperty(tag);
  if (shardingKey !== undefined) {
    text += encodeProperty(MessageProperty.SHARDING_KEY, checkedText('shardingKey', 'sharding key', shardingKey));
  }
  return text;
}

let lastTag: string | undefined;
let lastTagProperty = '';

/** Most messages have the tag of the one before: it is checked, and its text put together, once in a row. */
function tagProperty(tag: string): string {
  if (tag !== lastTag) {
    lastTagProperty = encodeProperty(MessageProperty.TAGS, checkedText('tag', 'tag', tag));
    lastTag = tag;
  }
  return lastTagProperty;
}

function checkedKeys(keys: readonly string[]): string {
  for (const key of keys) {
    if (typeof key === 'string' && key !== '' && !WRONG_IN_KEY.test(key)) continue;
    throw new MessageError('keys', `key "${checkedText('keys', 'key', key)}" holds a blank, which separates keys`);
  }
  return keys.length === 1 ? (keys[0] ?? '') : keys.join(' ');
}

function checkedText(field: string, what: string, value: unknown): string {
  if (typeof value !== 'string') throw new MessageError(field, `${what} is not a string`);
  if (value === '') throw new MessageError(field, `${what} is empty, which a broker would drop`);
  if (SEPARATORS.test(value)) {
    throw new MessageError(field, `${what} holds \\u0001 or \\u0002, which separate properties`);
  }
  if (!value.isWellFormed()) throw notInUtf8(field, what);
  return value;
}

/** Sent all the same it would arrive as another character, unnoticed. */
function notInUtf8(field: string, what: string): MessageError {
  return new MessageError(field, `${what} holds half of a surrogate pair, which has no UTF-8`);
}
