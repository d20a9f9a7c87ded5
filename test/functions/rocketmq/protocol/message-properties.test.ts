import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeProperties,
  encodeProperties,
  MessageProperty,
  RESERVED_PROPERTIES,
} from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { goldenRequests } from './golden-frames.ts';
import { anyProperties } from './stored-messages.ts';

const read = (text: string) => ({ ...decodeProperties(text) });

describe('captured properties', () => {
  test.each(goldenRequests(RequestCode.SEND_MESSAGE_V2))(
    '$name: they come back, the same text but for a last separator',
    ({ bytes }) => {
      const { i = '' } = decodeFrame(bytes).extFields;
      const written = encodeProperties(decodeProperties(i));
      // 4.9.1 to 5.1.4 write none after the last pair.
      expect(written).toBe(i === '' || i.endsWith('\u0002') ? i : `${i}\u0002`);
    },
  );
});

describe('properties', () => {
  const java =
    '4b45595301 6b31206b32 02 5441475301 54616741 02 5741495401 74727565 02 454d50545901 02 554e49515f4b455901 3746303030303031303030303138423441414332303030303030303130303030 02';
  const text = Buffer.from(java.replaceAll(' ', ''), 'hex').toString();

  test('that Java wrote are read, without the empty one', () => {
    expect(read(text)).toEqual({
      KEYS: 'k1 k2',
      TAGS: 'TagA',
      WAIT: 'true',
      UNIQ_KEY: '7F000001000018B4AAC2000000010000',
    });
  });

  test('are written as Java writes them', () => {
    const properties = {
      KEYS: 'k1 k2',
      TAGS: 'TagA',
      WAIT: 'true',
      EMPTY: '',
      UNIQ_KEY: '7F000001000018B4AAC2000000010000',
    };
    expect(encodeProperties(properties)).toBe(text);
  });

  test('come back, whatever their names', () => {
    fc.assert(
      fc.property(anyProperties, (properties) => {
        expect(decodeProperties(encodeProperties(properties))).toEqual(properties);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['without a last separator', 'A\u00011\u0002B\u00012', { A: '1', B: '2' }],
    ['with a pair that has no separator inside', 'A\u0002B\u00012\u0002', { B: '2' }],
    ['with a pair that has no name', '\u00011\u0002B\u00012\u0002', { B: '2' }],
    ['with a pair that has no value', 'A\u0001\u0002B\u00012\u0002', { B: '2' }],
    ['with a name twice', 'A\u00011\u0002A\u00012\u0002', { A: '2' }],
    ['with a value that has a separator in it', 'A\u00011\u00012\u0002', { A: '1\u00012' }],
    ['that are empty', '', {}],
    ['of separators only', '\u0002\u0001\u0002\u0001', {}],
  ])('%s are read as brokers read them', (_, written, expected) => {
    expect(read(written)).toEqual(expected);
  });

  test('may be named like members of JavaScript objects', () => {
    const properties = decodeProperties('__proto__\u0001a\u0002constructor\u0001b\u0002');
    expect(Object.entries(properties)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.getPrototypeOf(properties)).toBeNull();
  });

  test('are read in a time that grows with their length, however many ends are in them', () => {
    // Two million pairs without a name: looking for the end of a name to the end of the text each time would not end.
    expect(read('\u0002'.repeat(2_000_000))).toEqual({});
    expect(read(`${'\u0002'.repeat(2_000_000)}A\u00011`)).toEqual({ A: '1' });
    expect(read('\u0001'.repeat(2_000_000))).toEqual({});
  });
});

test('every property with a meaning to brokers is reserved', () => {
  for (const name of Object.values(MessageProperty)) expect(RESERVED_PROPERTIES.has(name)).toBe(true);
  expect(RESERVED_PROPERTIES.has('colour')).toBe(false);
});
