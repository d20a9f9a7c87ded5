import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withProcessLock } from '../../../local/real/process-lock.ts';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-test-'));
  file = join(directory, 'lock');
});

afterEach(() => rm(directory, { recursive: true }));

test('lets one work at a time, returns its result, and leaves no file', async () => {
  let working = 0;
  const work = async () => {
    working++;
    await new Promise(setImmediate);
    expect(working).toBe(1);
    working--;
    return 'done';
  };
  const results = await Promise.all([withProcessLock(file, 10_000, work), withProcessLock(file, 10_000, work)]);
  expect(results).toEqual(['done', 'done']);
  expect(existsSync(file)).toBe(false);
});

test('frees the lock when the work fails', async () => {
  const failing = withProcessLock(file, 1_000, () => Promise.reject(new Error('no network')));
  await expect(failing).rejects.toThrow('no network');
  expect(existsSync(file)).toBe(false);
});

test('takes over the lock of a process that died', async () => {
  const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(dead, 'exit');
  await writeFile(file, String(dead.pid));
  expect(await withProcessLock(file, 0, async () => 'mine')).toBe('mine');
});

test('says who holds the lock when it was waited for too long', async () => {
  await writeFile(file, String(process.pid));
  const waiting = withProcessLock(file, -1, async () => 'never');
  await expect(waiting).rejects.toThrow(`${file} is still held by process ${process.pid}`);
});
