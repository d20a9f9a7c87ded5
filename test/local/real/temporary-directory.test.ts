import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../local/real/temporary-directory.ts';

test('a temporary directory is there for what is written into it, and goes with all of that', async () => {
  const directory = await temporaryDirectory();
  writeFileSync(join(directory.path, 'file'), 'text');
  await directory[Symbol.asyncDispose]();
  expect(existsSync(directory.path)).toBe(false);
});

test('no two of them are the same', async () => {
  await using one = await temporaryDirectory();
  await using other = await temporaryDirectory();
  expect(one.path).not.toBe(other.path);
});
