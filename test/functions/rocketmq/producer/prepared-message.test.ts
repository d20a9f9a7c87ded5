import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { MessageError } from '../../../../functions/rocketmq/errors.ts';
import type { Message } from '../../../../functions/rocketmq/producer/message.ts';
import { type PreparationRules, PreparedMessage } from '../../../../functions/rocketmq/producer/prepared-message.ts';
import {
  decodeProperties,
  MAX_PROPERTIES_BYTES,
  RESERVED_PROPERTIES,
} from '../../../../functions/rocketmq/protocol/message-properties.ts';

const MSG_ID = '0123456789ABCDEF0123456789ABCDEF';
const AT = Date.UTC(2026, 10, 24);

const rules: PreparationRules = {
  maxMessageBytes: 4_194_304,
  maxDelayMs: 259_200_000,
  newMsgId: () => MSG_ID,
  now: () => AT,
  wrapTopic: (topic) => topic,
  instanceId: undefined,
};

function prepare(message: Partial<Message>, changed: Partial<PreparationRules> = {}): PreparedMessage {
  return new PreparedMessage({ topic: 'orders', body: 'x', ...message }, { ...rules, ...changed });
}

/** The fault of a message, as the caller is told. */
function faultOf(message: unknown, changed: Partial<PreparationRules> = {}): MessageError {
  try {
    new PreparedMessage(message as Message, { ...rules, ...changed });
  } catch (error) {
    if (error instanceof MessageError) return error;
    throw error;
  }
  throw new Error('expected a MessageError');
}

describe('what is sent', () => {
  test('holds keys, tag, sharding key, id and wait among the properties of the application', () => {
    const { properties, msgId, bornAt } = prepare({
      properties: { colour: 'grün', __proto__x: 'a', 7: 'seven' },
      keys: ['o-1', '客户'],
      tag: 'placed',
      shardingKey: 'anna',
    });
    expect({ ...decodeProperties(properties) }).toEqual({
      colour: 'grün',
      __proto__x: 'a',
      7: 'seven',
      KEYS: 'o-1 客户',
      TAGS: 'placed',
      __SHARDINGKEY: 'anna',
      UNIQ_KEY: MSG_ID,
      WAIT: 'true',
    });
    expect({ msgId, bornAt }).toEqual({ msgId: MSG_ID, bornAt: AT });
  });

  test('keeps a property named __proto__', () => {
    const properties = JSON.parse('{"__proto__":"kept"}');
    expect(prepare({ properties }).properties).toContain('__proto__\u0001kept\u0002');
  });

  test('says WAIT=false only where the message does', () => {
    expect(decodeProperties(prepare({ waitStoreMsgOk: false }).properties).WAIT).toBe('false');
    expect(decodeProperties(prepare({ waitStoreMsgOk: true }).properties).WAIT).toBe('true');
  });

  test('has the id of the message where it brings one, and asks for none then', () => {
    const message = { topic: 'orders', body: 'x', msgId: 'my-own-id' };
    const newMsgId = () => {
      throw new Error('asked for an id');
    };
    expect(new PreparedMessage(message, { ...rules, newMsgId }).msgId).toBe('my-own-id');
  });

  test('leaves out keys when the list of them is empty', () => {
    expect(decodeProperties(prepare({ keys: [] }).properties).KEYS).toBeUndefined();
  });

  test('has a string body in UTF-8, and bytes as they are', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(Buffer.from(prepare({ body: '消息 😀' }).body).toString()).toBe('消息 😀');
    expect(prepare({ body: bytes }).body).toBe(bytes);
  });
});

describe('the limit of the body', () => {
  test.each([
    ['bytes', new Uint8Array(12), new Uint8Array(13), 13],
    ['letters', 'x'.repeat(12), 'x'.repeat(13), 13],
    ['Chinese, three bytes a character', '消息消息', '消息消息x', 13],
    ['emoji, four bytes each', '😀😀😀', '😀😀😀!', 13],
  ])('counts bytes: %s', (_what, largest, tooLarge, bytes) => {
    expect(prepare({ body: largest }, { maxMessageBytes: 12 }).body).toHaveLength(12);
    const { field, message } = faultOf({ topic: 'orders', body: tooLarge }, { maxMessageBytes: 12 });
    expect({ field, message }).toEqual({
      field: 'body',
      message: `the body has ${bytes} bytes, over the limit of 12`,
    });
  });
});

describe('the limit of all properties together', () => {
  /** Bytes that a property of one character takes with all that is added. */
  const overhead = Buffer.byteLength(prepare({ properties: { p: 'x' } }).properties) - 1;

  test.each([
    ['letters', 'x', 1],
    ['Chinese', '消', 3],
    ['emoji', '😀', 4],
  ])('counts bytes: %s', (_what, character, bytes) => {
    const room = MAX_PROPERTIES_BYTES - overhead;
    const value = character.repeat(Math.floor(room / bytes)) + 'x'.repeat(room % bytes);
    expect(Buffer.byteLength(prepare({ properties: { p: value } }).properties)).toBe(MAX_PROPERTIES_BYTES);
    const { field, message } = faultOf({ topic: 'orders', body: 'x', properties: { p: `${value}x` } });
    expect({ field, message }).toEqual({
      field: 'properties',
      message: `properties take ${MAX_PROPERTIES_BYTES + 1} bytes, over the limit of ${MAX_PROPERTIES_BYTES}`,
    });
  });
});

describe('a message is refused, by the field at fault,', () => {
  const sound = { topic: 'orders', body: 'x' };

  test.each<[string, unknown, string, string]>([
    ['that is none', undefined, 'message', 'the message is not an object'],
    ['that is null', null, 'message', 'the message is not an object'],
    ['without topic', { body: 'x' }, 'topic', 'the topic must be a string'],
    ['with an illegal topic', { topic: 'a b', body: 'x' }, 'topic', 'may hold only'],
    ['to a topic of the broker', { topic: 'rmq_sys_wheel_timer', body: 'x' }, 'topic', 'belongs to the broker'],
    ['without body', { topic: 'orders' }, 'body', 'the body must be a Uint8Array or a string'],
    ['with an empty body', { topic: 'orders', body: '' }, 'body', 'the body is empty'],
    ['with an empty array as body', { topic: 'orders', body: new Uint8Array() }, 'body', 'the body is empty'],
    ['with an object as body', { topic: 'orders', body: {} }, 'body', 'the body must be a Uint8Array or a string'],
    ['with an ArrayBuffer as body', { topic: 'orders', body: new ArrayBuffer(4) }, 'body', 'must be a Uint8Array'],
    ['with half of a surrogate pair in its body', { ...sound, body: 'cut \ud83d' }, 'body', 'the body holds half of a'],
    ['with half of one in a key', { ...sound, keys: ['\ude9a'] }, 'keys', 'key holds half of a surrogate pair'],
    ['with half of one in its tag', { ...sound, tag: '\ud83d!' }, 'tag', 'tag holds half of a surrogate pair'],
    [
      'with half of one in a property',
      { ...sound, properties: { a: '\ud83d' } },
      'properties',
      'property "a" holds half',
    ],
    ['with a flag of 33 bits', { ...sound, flag: 2 ** 31 }, 'flag', 'is not a whole number of 32 bits'],
    ['with half a flag', { ...sound, flag: 0.5 }, 'flag', 'flag 0.5 is not'],
    ['with a flag that is no number', { ...sound, flag: '1' }, 'flag', 'is not a whole number'],
    ['with keys in one string', { ...sound, keys: 'a b' }, 'keys', 'the keys are not a list'],
    ['with properties in a Map', { ...sound, properties: new Map([['a', 'b']]) }, 'properties', 'Object.fromEntries'],
    ['with properties in a list', { ...sound, properties: ['a'] }, 'properties', 'an object with a text for each name'],
    ['with properties in a text', { ...sound, properties: 'a=b' }, 'properties', 'an object with a text for each name'],
    ['with a blank in a key', { ...sound, keys: ['a', 'b c'] }, 'keys', 'key "b c" holds a blank'],
    ['with a tab in a key', { ...sound, keys: ['b\tc'] }, 'keys', 'holds a blank'],
    ['with a blank beside a whole pair in a key', { ...sound, keys: ['🚚 b'] }, 'keys', 'key "🚚 b" holds a blank'],
    ['with an empty key', { ...sound, keys: [''] }, 'keys', 'key is empty'],
    ['with a number as key', { ...sound, keys: [7] }, 'keys', 'key is not a string'],
    ['with an empty tag', { ...sound, tag: '' }, 'tag', 'tag is empty'],
    ['with a separator in its tag', { ...sound, tag: 'a\u0002b' }, 'tag', 'tag holds \\u0001 or \\u0002'],
    ['with an empty sharding key', { ...sound, shardingKey: '' }, 'shardingKey', 'sharding key is empty'],
    ['with a number as sharding key', { ...sound, shardingKey: 7 }, 'shardingKey', 'sharding key is not a string'],
    ['with an empty id', { ...sound, msgId: '' }, 'msgId', 'message id is empty'],
    ['with an empty property', { ...sound, properties: { a: '' } }, 'properties', 'property "a" is empty'],
    ['with a property without name', { ...sound, properties: { '': 'a' } }, 'properties', 'property name is empty'],
    ['with a number as property', { ...sound, properties: { a: 1 } }, 'properties', 'property "a" is not a string'],
    ['with a separator in a property', { ...sound, properties: { a: '\u0001' } }, 'properties', 'property "a" holds'],
    ['with a separator in a name', { ...sound, properties: { 'a\u0002': 'b' } }, 'properties', 'property name holds'],
  ])('%s', (_what, message, field, reason) => {
    const fault = faultOf(message);
    expect(fault.field).toBe(field);
    expect(fault.message).toContain(reason);
    expect(fault).toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', retryable: false, outcome: 'notSent' });
  });

  test.each([...RESERVED_PROPERTIES])('with the reserved property %s', (name) => {
    const fault = faultOf({ ...sound, properties: { [name]: '1' } });
    expect(fault.message).toBe(`property name "${name}" is reserved by RocketMQ: choose another`);
  });
});

test('characters beyond 16 bits are sent as they are', () => {
  const { body, properties } = prepare({ body: '🚚', tag: '🚚', keys: ['🚚'] });
  expect(Buffer.from(body).toString()).toBe('🚚');
  expect(decodeProperties(properties)).toMatchObject({ TAGS: '🚚', KEYS: '🚚' });
});

test.each([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)])('a flag may be %d', (flag) => {
  expect(prepare({ flag }).flag).toBe(flag);
});
