import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mavenLib } from '../../../local/real/maven-lib.ts';
import { needsRealRocketMQ } from './needs-real-rocketmq.ts';

const MODULE = fileURLToPath(new URL('../../../local/real/maven-lib.ts', import.meta.url));
const ARTIFACT = 'org.slf4j:slf4j-api:1.7.36';

let directory = '';

beforeEach(async (context) => {
  await needsRealRocketMQ(context);
  directory = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-test-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test('fetches once when two processes ask at the same time, and leaves nothing but the folder', async () => {
  const folder = join(directory, 'slf4j');
  const program = `
    import { mavenLib } from ${JSON.stringify(MODULE)};
    console.log(await mavenLib(${JSON.stringify(folder)}, ${JSON.stringify([ARTIFACT])}));
  `;
  const ask = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const answers = await Promise.all([ask(), ask()]);
  expect(answers.map(({ stdout }) => stdout.trim())).toEqual([join(folder, 'lib'), join(folder, 'lib')]);
  expect(answers.filter(({ stderr }) => stderr.includes('Fetching the jars of slf4j'))).toHaveLength(1);
  expect(await readdir(join(folder, 'lib'))).toEqual(['slf4j-api-1.7.36.jar']);
  expect(await readdir(directory)).toEqual(['slf4j']);
}, 120_000);

test('names the artifact that Maven does not find, and leaves no folder', async () => {
  const failing = mavenLib(join(directory, 'nothing'), ['org.slf4j:slf4j-api:0.0.0']);
  await expect(failing).rejects.toThrow(/Maven could not fetch the jars: .*slf4j-api:jar:0\.0\.0/s);
  expect(await readdir(directory)).toEqual([]);
}, 120_000);

test.each(['SIGINT', 'SIGKILL'] as const)(
  'leaves no part of it, and no Maven, when it is ended by %s',
  async (signal) => {
    const folder = join(directory, 'lib', 'ended');
    const pidFile = join(directory, 'pid');
    // Writes where it is told to, and is at it until somebody ends it.
    const maven =
      '#!/bin/sh\nlib=$(echo "$5" | cut -d= -f2-)\nmkdir -p "$lib" && touch "$lib/some.jar"\necho $$ > "$PID_FILE"\nexec sleep 600\n';
    await writeFile(join(directory, 'mvn'), maven, { mode: 0o755 });
    const program = `
    import { mavenLib } from ${JSON.stringify(MODULE)};
    await mavenLib(${JSON.stringify(folder)}, ['a:b:1']);
  `;
    const env = { ...process.env, PATH: `${directory}:${process.env.PATH}`, PID_FILE: pidFile };
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env, stdio: 'ignore' });
    await expect.poll(() => readFile(pidFile, 'utf8').catch(() => ''), { timeout: 10_000 }).toMatch(/\n/);
    const pid = Number(await readFile(pidFile, 'utf8'));
    child.kill(signal);
    await once(child, 'exit');
    const parts = async () => (await readdir(join(directory, 'lib'))).filter((name) => name.includes('.part-'));
    await expect.poll(parts, { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  },
);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
