import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { FrameDecoder, MAX_FRAME_BYTES } from '../../../../functions/rocketmq/protocol/frame-decoder.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { goldenFrames } from './golden-frames.ts';

/** A decoder that copies what it delivers, as whole frames. */
function collect(maxFrameBytes?: number) {
  const frames: Buffer[] = [];
  const decoder = new FrameDecoder(
    (buffer, start, end) => frames.push(Buffer.from(buffer.subarray(start, end))),
    maxFrameBytes,
  );
  return { decoder, frames };
}

/** A frame with nothing but its length word and so many bytes. */
function frameOf(bytes: number): Buffer {
  const frame = Buffer.alloc(4 + bytes, 0xab);
  frame.writeInt32BE(bytes, 0);
  return frame;
}

const lengthWord = (length: number): Buffer => {
  const word = Buffer.alloc(4);
  word.writeInt32BE(length);
  return word;
};

/** The five with megabytes of zeros are cut at the bytes of their headers, and then as a socket would cut them. */
const splitFrames = goldenFrames.filter(({ hasRestoredBody }) => !hasRestoredBody);
const hugeFrames = goldenFrames.filter(({ hasRestoredBody }) => hasRestoredBody);

describe('a captured frame', () => {
  test('arrives the same wherever it is split in two', () => {
    let splits = 0;
    let delivered = 0;
    let wrong = 0;
    for (const { bytes, name } of splitFrames) {
      const whole = decodeFrame(bytes);
      const decoder = new FrameDecoder((buffer, start, end) => {
        delivered += 1;
        if (bytes.compare(buffer, start, end) !== 0) wrong += 1;
        // The same bytes decode the same; that they do from any buffer is looked at now and then.
        if (splits % 16 === 0) expect(decodeFrame(buffer, start, end), name).toEqual(whole);
      });
      for (let at = 0; at <= bytes.length; at++) {
        decoder.push(bytes.subarray(0, at));
        if (decoder.bufferedBytes !== (at === bytes.length ? 0 : at)) wrong += 1;
        decoder.push(bytes.subarray(at));
        if (decoder.bufferedBytes !== 0) wrong += 1;
        splits += 1;
      }
    }
    console.log(`${splitFrames.length} frames, ${splits} splits`);
    expect(wrong).toBe(0);
    expect(delivered).toBe(splits);
    expect(splits).toBe(splitFrames.reduce((sum, { bytes }) => sum + bytes.length + 1, 0));
  });

  test('arrives the same out of one buffer that is read into again and again', () => {
    const stream = Buffer.concat(splitFrames.map(({ bytes }) => bytes));
    for (const size of [1, 3, 7, 100, 1000]) {
      const { decoder, frames } = collect();
      const buffer = Buffer.alloc(size + 10, 0xff);
      for (let at = 0; at < stream.length; at += size) decoder.push(buffer, stream.copy(buffer, 0, at, at + size));
      expect(frames.length).toBe(splitFrames.length);
      expect(Buffer.concat(frames).equals(stream)).toBe(true);
    }
  });

  test('arrives the same one byte at a time', () => {
    for (const { bytes, name } of splitFrames) {
      const { decoder, frames } = collect();
      for (let at = 0; at < bytes.length - 1; at++) decoder.push(bytes.subarray(at, at + 1));
      expect(frames.length, name).toBe(0);
      decoder.push(bytes.subarray(-1));
      expect(frames.length, name).toBe(1);
      expect(frames[0]?.equals(bytes), name).toBe(true);
    }
  });

  test.each(hugeFrames)('$name arrives the same with a body of 4 MiB in chunks as a socket gives them', ({ bytes }) => {
    const { decoder, frames } = collect();
    for (let at = 0; at < 400; at++) decoder.push(bytes.subarray(at, at + 1));
    for (let at = 400; at < bytes.length; at += 65_536) decoder.push(bytes.subarray(at, at + 65_536));
    expect(frames).toHaveLength(1);
    expect(frames[0]?.equals(bytes)).toBe(true);
    expect(decoder.bufferedBytes).toBe(0);
  });
});

describe('a stream of frames', () => {
  test('in one chunk is delivered in order', () => {
    const { decoder, frames } = collect();
    decoder.push(Buffer.concat(splitFrames.map(({ bytes }) => bytes)));
    expect(frames).toHaveLength(splitFrames.length);
    expect(frames.every((frame, index) => splitFrames[index]?.bytes.equals(frame))).toBe(true);
  });

  test('in chunks of any size is delivered whole and in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: splitFrames.length - 1 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 20 }),
        (chosen, sizes) => {
          const sent = chosen.flatMap((index) => splitFrames[index]?.bytes ?? []);
          const stream = Buffer.concat(sent);
          const { decoder, frames } = collect();
          let at = 0;
          for (const size of sizes) {
            decoder.push(stream.subarray(at, at + size));
            at = Math.min(at + size, stream.length);
          }
          decoder.push(stream.subarray(at));
          expect(frames).toEqual(sent);
          expect(decoder.bufferedBytes).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('keeps what follows the last whole frame', () => {
    const { decoder, frames } = collect();
    decoder.push(Buffer.concat([frameOf(10), frameOf(4), frameOf(20).subarray(0, 7)]));
    expect(frames.map((frame) => frame.length)).toEqual([14, 8]);
    expect(decoder.bufferedBytes).toBe(7);
    decoder.push(frameOf(20).subarray(7));
    expect(frames[2]).toEqual(frameOf(20));
  });

  test('without a byte changes nothing', () => {
    const { decoder, frames } = collect();
    decoder.push(Buffer.alloc(0));
    decoder.push(frameOf(10).subarray(0, 6));
    decoder.push(Buffer.alloc(0));
    expect(decoder.bufferedBytes).toBe(6);
    decoder.push(frameOf(10).subarray(6));
    expect(frames).toEqual([frameOf(10)]);
  });
});

describe('a length that no frame can have is refused', () => {
  test.each([
    [0, 'frame length 0 is too small'],
    [3, 'frame length 3 is too small'],
    [-1, 'frame length -1 is too small'],
    [-2_147_483_648, 'frame length -2147483648 is too small'],
    [MAX_FRAME_BYTES - 3, 'frame of 16777217 bytes is over the limit of 16777216'],
    [2_147_483_647, 'frame of 2147483651 bytes is over the limit of 16777216'],
    // "HTTP": a peer that speaks something else.
    [0x48545450, 'is over the limit of 16777216'],
  ])('%d', (length, reason) => {
    for (const split of [4, 0, 1, 2, 3]) {
      const { decoder, frames } = collect();
      const push = () => {
        decoder.push(lengthWord(length).subarray(0, split));
        decoder.push(Buffer.concat([lengthWord(length).subarray(split), Buffer.alloc(16)]));
      };
      expect(push).toThrow(RemotingCommandError);
      expect(frames).toHaveLength(0);
      expect(decoder.bufferedBytes).toBeLessThanOrEqual(4);
    }
    expect(() => collect().decoder.push(lengthWord(length))).toThrow(reason);
  });

  test('after the frames before it were delivered', () => {
    const { decoder, frames } = collect();
    expect(() => decoder.push(Buffer.concat([frameOf(10), lengthWord(1)]))).toThrow('frame length 1 is too small');
    expect(frames).toEqual([frameOf(10)]);
  });

  test('without memory being taken for it', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 64 }, () => collect().decoder);
    for (const decoder of decoders)
      expect(() => decoder.push(lengthWord(MAX_FRAME_BYTES))).toThrow(RemotingCommandError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_FRAME_BYTES);
  });
});

describe('the limit', () => {
  test('is the whole frame, its length word included', () => {
    const { decoder, frames } = collect(64);
    decoder.push(frameOf(60));
    expect(frames).toHaveLength(1);
    expect(() => decoder.push(frameOf(61))).toThrow('frame of 65 bytes is over the limit of 64');
  });

  test('lets the largest frame through', () => {
    const { decoder, frames } = collect();
    const largest = frameOf(MAX_FRAME_BYTES - 4);
    decoder.push(largest.subarray(0, 100));
    decoder.push(largest.subarray(100));
    expect(frames[0]?.equals(largest)).toBe(true);
  });

  test('bounds what is held of an incomplete frame', () => {
    const { decoder } = collect(1024);
    for (let sent = 0; sent < 1023; sent++) {
      decoder.push(frameOf(1020).subarray(sent, sent + 1));
      expect(decoder.bufferedBytes).toBe(sent + 1);
    }
  });
});
