import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import {
  decodeHost,
  decodeOffsetMessageId,
  encodeHost,
  encodeOffsetMessageId,
} from '../../../../functions/rocketmq/protocol/message-id.ts';

describe('an offset message id', () => {
  test.each([
    ['127.0.0.1', '7F00000100002A9F0000000000003039'],
    ['2001:db8:0:0:0:0:0:1', '20010DB800000000000000000000000100002A9F0000000000003039'],
  ])('of a broker at %s is the one that Java writes', (host, text) => {
    const id = { host, port: 10_911, commitLogOffset: 12_345n };
    expect(encodeOffsetMessageId(id)).toBe(text);
    expect(decodeOffsetMessageId(text)).toEqual(id);
    expect(decodeOffsetMessageId(text.toLowerCase())).toEqual(id);
  });

  test('comes back', () => {
    const ids = fc.record({
      host: fc.oneof(
        fc.ipV4(),
        fc
          .array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })
          .map((groups) => groups.map((group) => group.toString(16)).join(':')),
      ),
      port: fc.nat({ max: 65_535 }),
      commitLogOffset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    });
    fc.assert(
      fc.property(ids, (id) => {
        expect(decodeOffsetMessageId(encodeOffsetMessageId(id))).toEqual(id);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    '',
    '0',
    '7F00000100002A9F000000000000303',
    '7F00000100002A9F00000000000030390',
    'G'.repeat(32),
    `${'0'.repeat(31)}\n`,
  ])('is not %j', (text) => {
    expect(() => decodeOffsetMessageId(text)).toThrow(RemotingCommandError);
    expect(() => decodeOffsetMessageId(text)).toThrow('is not an offset message id');
  });
});

describe('the bytes of a host', () => {
  test.each([
    ['10.0.0.255', '0a0000ff', '10.0.0.255'],
    ['::1', '00000000000000000000000000000001', '0:0:0:0:0:0:0:1'],
    ['fd00::', 'fd000000000000000000000000000000', 'fd00:0:0:0:0:0:0:0'],
    ['2001:db8::1', '20010db8000000000000000000000001', '2001:db8:0:0:0:0:0:1'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001', 'fe80:0:0:0:0:0:0:1'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
  ])('of %s', (host, hex, text) => {
    expect(encodeHost(host).toString('hex')).toBe(hex);
    expect(decodeHost(Buffer.from(hex, 'hex'))).toBe(text);
  });

  test('of an IPv4 host that a dual-stack socket reports are those of IPv4', () => {
    expect(encodeHost('::ffff:10.0.0.1').toString('hex')).toBe('0a000001');
  });

  test.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1.2',
    '10.0.0.-1',
    '10.0.0.',
    '1::2::3',
    '1:2:3',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    '::g',
  ])('are not asked of %j, which is no address', (host) => {
    expect(() => encodeHost(host)).toThrow(RemotingCommandError);
    expect(() => encodeHost(host)).toThrow(`"${host}" is not an IP address`);
  });
});
