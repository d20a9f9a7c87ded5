import { Buffer } from 'node:buffer';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { encodeOffsetMessageId } from '../../../../functions/rocketmq/protocol/message-id.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import {
  bodyCrc,
  decodeStoredMessages,
  encodeStoredMessage,
  type StoredMessage,
} from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { type GoldenFrame, goldenAnswers, goldenFrame, goldenRequests } from './golden-frames.ts';
import { storedMessages } from './stored-messages.ts';

const bodyOf = ({ bytes }: GoldenFrame): Buffer => Buffer.from(decodeFrame(bytes).body);

/** One message, as Java's own codec wrote it. */
const JAVA_BYTES = Buffer.from(
  `00000068 DAA320A7 58932AAC 00000003 00000000 0000000000000009 0000000000001000 00000000
   0000018BCFE56800 0A000001 0000D431 0000018BCFE56805 0A000002 00002A9F 00000000 0000000000000000
   00000002 6869 01 54 000A 54414753015461674102`.replaceAll(/\s/g, ''),
  'hex',
);

const JAVA_MESSAGE: StoredMessage = {
  topic: 'T',
  queueId: 3,
  flag: 0,
  queueOffset: 9n,
  commitLogOffset: 4096n,
  sysFlag: 0,
  bornAt: 1_700_000_000_000,
  bornHost: { host: '10.0.0.1', port: 54_321 },
  storedAt: 1_700_000_000_005,
  storeHost: { host: '10.0.0.2', port: 10_911 },
  reconsumeTimes: 0,
  preparedTransactionOffset: 0n,
  body: Buffer.from('hi'),
  properties: { TAGS: 'TagA' },
};

const captured = [
  ...goldenAnswers(RequestCode.PULL_MESSAGE, RequestCode.QUERY_MESSAGE),
  ...goldenRequests(RequestCode.CHECK_TRANSACTION_STATE),
];

/** How the broker of a record ends its properties: 4.9.1 to 5.1.4 write no separator after the last one. */
const endsInSeparator = (record: Buffer): boolean => record.at(-1) === 0x02;

describe('captured messages', () => {
  test('are in pulls, queries and transaction checks', () => {
    expect(captured.length).toBe(17);
  });

  test.each(captured)('$name: every message is read and written again to the same bytes', (frame) => {
    const bytes = bodyOf(frame);
    const messages = decodeStoredMessages(bytes);
    expect(messages.length).toBeGreaterThan(0);
    let at = 0;
    for (const message of messages) {
      const record = bytes.subarray(at, at + bytes.readInt32BE(at));
      const written = encodeStoredMessage(message);
      if (endsInSeparator(record)) expect(written.toString('hex')).toBe(record.toString('hex'));
      else {
        // We always write the separator: one byte more, counted in the size and in the length of the properties.
        expect(written.length).toBe(record.length + 1);
        expect(written.at(-1)).toBe(0x02);
        expect(decodeStoredMessages(written)).toEqual([message]);
      }
      at += record.length;
    }
    expect(at).toBe(bytes.length);
  });

  test('have what the producer sent', () => {
    const [message] = decodeStoredMessages(bodyOf(goldenFrame('raw-broker550/query-message-by-uniq-key.response')));
    expect(message?.topic).toBe('GoldenStored560');
    expect(message?.properties.UNIQ_KEY).toMatch(/^[0-9A-F]{32}$/);
    expect(message?.properties.CLUSTER).toBe('DefaultCluster');
  });

  test('are named by the offset id of their send answer', () => {
    const { extFields } = decodeFrame(goldenFrame('raw-broker550/stored-send-plain.response').bytes);
    const stored = decodeStoredMessages(bodyOf(goldenFrame('raw-broker550/pull-found.response')));
    const ids = stored.map(({ storeHost, commitLogOffset }) =>
      encodeOffsetMessageId({ ...storeHost, commitLogOffset }),
    );
    expect(ids).toContain(extFields.msgId);
  });

  test('keep a compressed body as it is', () => {
    const stored = decodeStoredMessages(bodyOf(goldenFrame('raw-broker550/pull-found.response')));
    const compressed = stored.filter(({ sysFlag }) => (sysFlag & 1) === 1);
    expect(compressed.length).toBeGreaterThan(0);
    for (const { body } of compressed) expect(inflateSync(body).length).toBeGreaterThan(body.length);
  });
});

describe('a message that Java wrote', () => {
  test('is read', () => {
    const [message, ...rest] = decodeStoredMessages(JAVA_BYTES);
    expect({ ...message, properties: { ...message?.properties } }).toEqual(JAVA_MESSAGE);
    expect(rest).toEqual([]);
  });

  test('is written to the same bytes', () => {
    expect(encodeStoredMessage(JAVA_MESSAGE).toString('hex')).toBe(JAVA_BYTES.toString('hex'));
    expect(bodyCrc(JAVA_MESSAGE.body)).toBe(1_486_039_724);
  });
});

describe('any message', () => {
  test('comes back, alone and among others', () => {
    fc.assert(
      fc.property(fc.array(storedMessages, { maxLength: 4 }), (messages) => {
        expect(decodeStoredMessages(Buffer.concat(messages.map(encodeStoredMessage)))).toEqual(messages);
      }),
      { numRuns: 500 },
    );
  });

  test('has one length byte for a topic of 127 bytes, and two from 128 on', () => {
    const size = (topic: string) => encodeStoredMessage({ ...JAVA_MESSAGE, topic }).length - Buffer.byteLength(topic);
    expect(size('t'.repeat(127))).toBe(size('t'));
    expect(size('t'.repeat(128))).toBe(size('t') + 1);
    const [message] = decodeStoredMessages(encodeStoredMessage({ ...JAVA_MESSAGE, topic: 'é'.repeat(64) }));
    expect(message?.topic).toBe('é'.repeat(64));
  });
});

describe('reading stored messages', () => {
  test('ends at the blank that ends a commit log file', () => {
    const blank = Buffer.alloc(64);
    blank.writeInt32BE(64, 0);
    blank.writeUInt32BE(0xcbd43194, 4);
    expect(decodeStoredMessages(Buffer.concat([JAVA_BYTES, blank]))).toHaveLength(1);
  });

  test('accepts a record without a CRC', () => {
    const record = Buffer.from(JAVA_BYTES);
    record.writeInt32BE(0, 8);
    expect(decodeStoredMessages(record)).toHaveLength(1);
  });

  const changed = (at: number, ...bytes: number[]): Buffer => {
    const record = Buffer.from(JAVA_BYTES);
    record.set(bytes, at);
    return record;
  };

  test.each([
    ['no whole size', JAVA_BYTES.subarray(0, 7), 'stored message cut in its size'],
    ['another magic', changed(7, 0), 'not a stored message'],
    ['a size below the fixed part', changed(3, 90), 'stored message cut'],
    ['a size over the bytes', changed(3, 105), 'stored message cut'],
    ['a negative size', changed(0, 0xff), 'stored message cut'],
    ['a body that goes on after the record', changed(84, 0x7f), 'stored message cut in its body'],
    ['a negative body length', changed(84, 0xff), 'stored message cut in its body'],
    ['a topic that goes on after the record', changed(90, 0xff), 'stored message cut in its topic'],
    ['properties that go on after the record', changed(92, 0xff), 'stored message cut in its properties'],
    ['another body than its CRC', changed(88, 0), 'body does not match its CRC'],
    ['IPv6 hosts that its size has no room for', changed(39, 0x30), 'stored message cut in its'],
  ])('with %s is refused', (_, bytes, reason) => {
    expect(() => decodeStoredMessages(bytes)).toThrow(RemotingCommandError);
    expect(() => decodeStoredMessages(bytes)).toThrow(reason);
  });

  test('refuses a record that is cut at any byte', () => {
    for (let at = 1; at < JAVA_BYTES.length; at++) {
      expect(() => decodeStoredMessages(JAVA_BYTES.subarray(0, at)), `cut at ${at}`).toThrow(RemotingCommandError);
    }
  });
});
