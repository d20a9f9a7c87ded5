import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeUniqKey, UNIQ_KEY_ORIGIN_BYTES } from '../../../../functions/rocketmq/protocol/uniq-key.ts';

const ORIGIN = Buffer.from('00112233445566778899', 'hex');
const AT = Date.UTC(2026, 10, 24, 15, 0, 0);

describe('a message id', () => {
  test('is origin, ms since the first of the month and index, in upper-case hex', () => {
    const monthStart = Date.UTC(2026, 10, 1);
    expect(encodeUniqKey(ORIGIN, monthStart, 0)).toBe('00112233445566778899000000000000');
    expect(encodeUniqKey(ORIGIN, monthStart + 0x71c411ab, 0)).toBe('0011223344556677889971C411AB0000');
    expect(encodeUniqKey(ORIGIN, monthStart + 0x71c411b6, 1)).toBe('0011223344556677889971C411B60001');
  });

  test('is the same for the same arguments, whatever was made before', () => {
    const first = encodeUniqKey(ORIGIN, AT, 7);
    encodeUniqKey(Buffer.alloc(10, 0xff), Date.UTC(2027, 0, 1), 65_535);
    expect(encodeUniqKey(ORIGIN, AT, 7)).toBe(first);
  });

  test('counts from the month of its own instant', () => {
    const last = Date.UTC(2026, 11, 1) - 1;
    expect(encodeUniqKey(ORIGIN, last, 0).slice(20, 28)).toBe(
      (30 * 86_400_000 - 1).toString(16).toUpperCase().padStart(8, '0'),
    );
    expect(encodeUniqKey(ORIGIN, last + 1, 0).slice(20, 28)).toBe('00000000');
    expect(encodeUniqKey(ORIGIN, last, 0).slice(20, 28)).not.toBe('00000000');
  });

  test('can be made at any ms of the longest month, of which the last days need the 32nd bit', () => {
    const monthStart = Date.UTC(2026, 11, 1);
    for (let day = 0; day < 31; day++) {
      const at = monthStart + day * 86_400_000 + 86_399_999;
      expect(Number.parseInt(encodeUniqKey(ORIGIN, at, 0).slice(20, 28), 16)).toBe(at - monthStart);
    }
  });

  test('of an instant that is none spoils no other', () => {
    const before = encodeUniqKey(ORIGIN, AT, 0);
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, 9e15, -9e15]) {
      expect(encodeUniqKey(ORIGIN, at, 0)).toMatch(/^[0-9A-F]{32}$/);
      expect(encodeUniqKey(ORIGIN, AT, 0)).toBe(before);
    }
  });

  test('uses ten bytes of its origin and 16 bits of its index', () => {
    expect(encodeUniqKey(Buffer.concat([ORIGIN, Buffer.from('more')]), AT, 65_536 + 5)).toBe(
      encodeUniqKey(ORIGIN, AT, 5),
    );
  });

  test('tells its origin, time and index, so that two that differ in any have different ids', () => {
    const origins = fc.uint8Array({ minLength: UNIQ_KEY_ORIGIN_BYTES, maxLength: UNIQ_KEY_ORIGIN_BYTES });
    fc.assert(
      fc.property(origins, fc.nat({ max: 86_400_000 * 28 - 1 }), fc.nat({ max: 65_535 }), (origin, ms, index) => {
        const id = Buffer.from(encodeUniqKey(origin, Date.UTC(2026, 1, 1) + ms, index), 'hex');
        expect(id.subarray(0, 10).equals(origin)).toBe(true);
        expect(id.readUInt32BE(10)).toBe(ms);
        expect(id.readUInt16BE(14)).toBe(index);
      }),
      { numRuns: 1000 },
    );
  });

  test('is shared by none of a million from distinct events and indices', () => {
    const ids = new Set<string>();
    for (let event = 0; event < 100_000; event++) {
      const origin = createHash('sha256').update(`arn:aws:sqs:eu-west-1:123456789012:queue\n${event}`).digest();
      for (let index = 0; index < 10; index++) ids.add(encodeUniqKey(origin, AT + (event % 1000), index));
    }
    expect(ids.size).toBe(1_000_000);
  });
});
