import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameBoundaries } from '../../../local/faults/frame-boundaries.ts';

function frame(content: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

test('finds every frame start, however the stream is chopped up, and neither loses nor reorders a byte', () => {
  const contents = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(
      contents,
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 }),
      (bodies, sizes) => {
        const stream = Buffer.concat(bodies.map(frame));
        const boundaries = new FrameBoundaries();
        const pieces = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(...boundaries.split(stream.subarray(at, at + size)));
          at += size;
        }
        expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(stream);
        expect(pieces.filter(({ isFrameStart }) => isFrameStart)).toHaveLength(bodies.length);
      },
    ),
  );
});
