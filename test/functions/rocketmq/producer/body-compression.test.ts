import { createHook } from 'node:async_hooks';
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import zlib, { inflateSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { compressBody } from '../../../../functions/rocketmq/producer/body-compression.ts';
import { plainBody } from '../../../../functions/rocketmq/producer/plain-body.ts';

const TEXT = Buffer.from('a line of text\n'.repeat(1000));

describe.each([
  ['ZLIB', 0x301, inflateSync],
  ['ZSTD', 0x201, zstdDecompressSync],
] as const)('%s', (type, sysFlag, decompress) => {
  test('makes a body smaller, marks how, and leaves the given one alone', async () => {
    const before = Buffer.from(TEXT);
    const compressed = await compressBody(TEXT, type, 5);
    expect(compressed?.sysFlag).toBe(sysFlag);
    expect(compressed?.body.length).toBeLessThan(TEXT.length / 10);
    expect(decompress(compressed?.body ?? new Uint8Array()).equals(before)).toBe(true);
    expect(TEXT.equals(before)).toBe(true);
  });

  test('gives equal bytes for equal bodies, so that two sandboxes send the same', async () => {
    const [one, other] = await Promise.all([compressBody(TEXT, type, 5), compressBody(Buffer.from(TEXT), type, 5)]);
    expect(Buffer.compare(one?.body ?? Buffer.alloc(0), other?.body ?? Buffer.alloc(1))).toBe(0);
  });

  test('gives nothing where it would gain nothing', async () => {
    expect(await compressBody(randomBytes(5000), type, 9)).toBeUndefined();
    expect(await compressBody(Uint8Array.of(1), type, 9)).toBeUndefined();
  });
});

test('on a Node without ZSTD, which those before 22.15 are, ZLIB works and ZSTD says what it needs', async () => {
  const { zstdCompress, zstdDecompress } = zlib;
  const zstd = await compressBody(TEXT, 'ZSTD', 5);
  Object.assign(zlib, { zstdCompress: undefined, zstdDecompress: undefined });
  try {
    const small = await compressBody(TEXT, 'ZLIB', 5);
    expect(await plainBody(small?.body ?? TEXT, small?.sysFlag ?? 0)).toEqual(TEXT);
    await expect(compressBody(TEXT, 'ZSTD', 5)).rejects.toMatchObject({
      code: 'ROCKETMQ_OPTIONS',
      outcome: 'notSent',
      message: expect.stringContaining('ZSTD needs Node 22.15 or later'),
    });
    await expect(plainBody(zstd?.body ?? TEXT, zstd?.sysFlag ?? 0)).rejects.toMatchObject({
      code: 'ROCKETMQ_REMOTING_COMMAND',
      message: expect.stringContaining('ZSTD needs Node 22.15 or later'),
    });
  } finally {
    Object.assign(zlib, { zstdCompress, zstdDecompress });
  }
});

test.each(['ZLIB', 'ZSTD'] as const)('of thousands of bodies at once few are in the memory of %s', async (type) => {
  let begun = 0;
  const hook = createHook({ init: (_id, resource) => void (resource === 'ZLIB' && begun++) });
  hook.enable();
  const all = Array.from({ length: 2000 }, () => compressBody(TEXT, type, 1));
  expect(begun).toBeLessThanOrEqual(16);
  const sysFlags = (await Promise.all(all)).map((compressed) => compressed?.sysFlag);
  hook.disable();
  expect(new Set(sysFlags).size).toBe(1);
  expect(begun).toBe(2000);
});

test('a body that waits for others is given up at its deadline, and takes no time of theirs', async () => {
  const large = randomBytes(1_000_000);
  const others = Array.from({ length: 20 }, () => compressBody(large, 'ZLIB', 9));
  const hasty = compressBody(TEXT, 'ZLIB', 9, deadlineAfter(1));
  await expect(Promise.race([...others, hasty])).rejects.toMatchObject({
    code: 'ROCKETMQ_DEADLINE',
    outcome: 'notSent',
  });
  await Promise.all(others);
  expect(await compressBody(TEXT, 'ZLIB', 9, deadlineAfter(60_000))).toBeDefined();
});

test('ZLIB follows its level', async () => {
  const body = Buffer.from(Array.from({ length: 5000 }, (_, index) => `${index * 7919} `).join(''));
  const [fast, small] = await Promise.all([compressBody(body, 'ZLIB', 1), compressBody(body, 'ZLIB', 9)]);
  expect(small?.body.length).toBeLessThan(fast?.body.length ?? 0);
});
