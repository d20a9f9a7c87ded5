import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, encodedBytes } from '../../../../functions/rocketmq/protocol/byte-writer.ts';
import { anyText } from './commands.ts';

describe('a byte writer', () => {
  test('writes big-endian integers, with their sign', () => {
    const writer = new ByteWriter(1);
    writer.i8(-1);
    writer.i16(-2);
    writer.i32(0x01020304);
    writer.i32(-3);
    expect(writer.byteLength).toBe(11);
    const bytes = writer.take();
    expect([bytes.readInt8(0), bytes.readInt16BE(1), bytes.readInt32BE(3), bytes.readInt32BE(7)]).toEqual([
      -1, -2, 0x01020304, -3,
    ]);
  });

  test('writes any text as UTF-8 and tells its bytes, across every growth', () => {
    fc.assert(
      fc.property(
        fc.array(anyText({ maxLength: 120 }), { maxLength: 30 }),
        fc.nat({ max: 40 }),
        (texts, initialBytes) => {
          const writer = new ByteWriter(initialBytes);
          const lengths = texts.map((text) => writer.utf8(text));
          expect(lengths).toEqual(texts.map((text) => Buffer.byteLength(text)));
          expect(writer.take().toString()).toBe(texts.join(''));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('writes entries of a header, each after the other, across every growth', () => {
    const key = fc.string({ maxLength: 20, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(fc.array(fc.tuple(key, anyText({ maxLength: 120 })), { maxLength: 30 }), (entries) => {
        const writer = new ByteWriter(1);
        for (const [name, value] of entries) writer.entry(name, value);
        const bytes = writer.take();
        const expected = entries.flatMap(([name, value]) => {
          const [nameLength, valueLength] = [Buffer.alloc(2), Buffer.alloc(4)];
          nameLength.writeInt16BE(name.length);
          valueLength.writeInt32BE(Buffer.byteLength(value));
          return [nameLength, Buffer.from(name), valueLength, Buffer.from(value)];
        });
        expect(bytes.equals(Buffer.concat(expected))).toBe(true);
      }),
    );
  });

  test('never writes again into bytes that were taken, until it is told to rewind', () => {
    const writer = new ByteWriter(64);
    const taken: Buffer[] = [];
    for (let round = 0; round < 2000; round++) {
      writer.bytes(Buffer.alloc(round % 90, round));
      taken.push(writer.take());
    }
    taken.forEach((bytes, round) => {
      expect(bytes.equals(Buffer.alloc(round % 90, round))).toBe(true);
    });
  });

  test('writes into the same memory again after a rewind, without what nobody took', () => {
    const writer = new ByteWriter();
    writer.utf8('first');
    const first = writer.take();
    writer.utf8('dropped');
    writer.rewind();
    expect(writer.byteLength).toBe(0);
    writer.utf8('again');
    const again = writer.take();
    expect(again.toString()).toBe('again');
    expect([again.buffer, again.byteOffset]).toEqual([first.buffer, first.byteOffset]);
  });

  test('keeps the memory of a large write over a rewind, but not of one far larger than any message', () => {
    const memoryKept = (bytes: number) => {
      const writer = new ByteWriter();
      writer.bytes(Buffer.alloc(bytes));
      const { buffer } = writer.take();
      writer.rewind();
      writer.i8(0);
      return writer.take().buffer === buffer;
    };
    expect([4_000_000, 5_000_000].map(memoryKept)).toEqual([true, false]);
  });

  test('lets go of memory far larger than any message with the take, not only when it is written next', () => {
    const memoryLeft = (bytes: number) => {
      const writer = new ByteWriter(bytes);
      writer.utf8('taken');
      const taken = writer.take();
      writer.utf8('next');
      const next = writer.take();
      expect([taken.toString(), next.toString()]).toEqual(['taken', 'next']);
      return next.buffer === taken.buffer;
    };
    expect([4_000_000, 5_000_000].map(memoryLeft)).toEqual([true, false]);
  });

  test('lets go of memory far larger than any message when what needed it is taken back', () => {
    const memoryLeft = (bytes: number) => {
      const writer = new ByteWriter(bytes);
      writer.utf8('refused');
      writer.truncate(0);
      writer.utf8('next');
      const next = writer.take();
      expect(next.toString()).toBe('next');
      return next.buffer.byteLength >= bytes;
    };
    expect([4_000_000, 5_000_000].map(memoryLeft)).toEqual([true, false]);
  });

  test('has what encodes itself written where it is, across every growth', () => {
    const value = { length: 10_000, encodeInto: (block: Buffer, at: number) => block.fill('v', at, at + 10_000) };
    const writer = new ByteWriter();
    writer.utf8('before');
    writer.encoded(value);
    writer.utf8('after');
    expect(writer.take().toString()).toBe(`before${'v'.repeat(10_000)}after`);
    expect(encodedBytes(value).toString()).toBe('v'.repeat(10_000));
  });

  test('fills four bytes that were left open', () => {
    const writer = new ByteWriter(2);
    writer.i8(1);
    const at = writer.skipI32();
    writer.utf8('text that makes the buffer grow');
    writer.fillI32(at, -5);
    expect(writer.take().readInt32BE(1)).toBe(-5);
    const next = writer.skipI32();
    writer.fillI32(next, 7);
    expect(writer.take().readInt32BE(0)).toBe(7);
  });

  test.each([64, 5_000_000])('takes back what was written after a position, in a block of %i bytes', (blockBytes) => {
    const writer = new ByteWriter(blockBytes);
    writer.utf8('kept');
    const { byteLength } = writer;
    writer.utf8('dropped');
    writer.truncate(byteLength);
    writer.utf8('!');
    expect(writer.take().toString()).toBe('kept!');
  });

  test('takes nothing back of what was taken', () => {
    const writer = new ByteWriter();
    writer.utf8('taken');
    const taken = writer.take();
    writer.utf8('dropped');
    writer.truncate(0);
    expect(writer.byteLength).toBe(0);
    writer.utf8('next');
    expect([taken.toString(), writer.take().toString()]).toEqual(['taken', 'next']);
  });
});
