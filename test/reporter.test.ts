import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const reporter = fileURLToPath(new URL('./reporter.ts', import.meta.url));
const runs = fileURLToPath(new URL('./reporter-runs', import.meta.url));

/** Runs one file of reporter-runs in a Vitest of its own; answers its exit code and the last lines it printed. */
async function run(name: string, { ci = '', args = [] as string[] } = {}) {
  const child = spawn(
    process.execPath,
    [vitest, 'run', `${name}.spec.ts`, '--root', runs, '--reporter=default', `--reporter=${reporter}`, ...args],
    { env: { ...process.env, CI: ci, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { exitCode, lines: output.trimEnd().split('\n') };
}

test('the last line counts the tests that passed', async () => {
  const { exitCode, lines } = await run('passing');
  expect(lines.at(-1)).toBe('2 passed, 0 failed');
  expect(exitCode).toBe(0);
});

test('the last line counts the tests that failed', async () => {
  const { exitCode, lines } = await run('failing');
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test('a skipped test is counted apart and printed with its reason', async () => {
  const { exitCode, lines } = await run('skipping');
  expect(lines.slice(-3)).toEqual([
    'skipped: skipping.spec.ts > is skipped with a reason (no Java here)',
    'skipped: skipping.spec.ts > is skipped without a reason (no reason given)',
    '1 passed, 0 failed',
  ]);
  expect(exitCode).toBe(0);
});

test('in CI a skipped test fails the run', async () => {
  const { exitCode, lines } = await run('skipping', { ci: 'true' });
  expect(lines.at(-1)).toBe('1 passed, 2 failed');
  expect(exitCode).toBe(1);
});

test('tests left out by a name pattern are not skipped tests', async () => {
  const { exitCode, lines } = await run('passing', { ci: 'true', args: ['-t', 'too'] });
  expect(lines.at(-1)).toBe('1 passed, 0 failed');
  expect(exitCode).toBe(0);
});

test.each([
  ['a hook that fails', 'broken-hook'],
  ['a file that does not load', 'not-loading'],
])('%s counts as failed', async (_, name) => {
  const { exitCode, lines } = await run(name);
  expect(lines.at(-1)).toBe('0 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test('an error outside any test counts as failed', async () => {
  const { exitCode, lines } = await run('unhandled');
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(exitCode).toBe(1);
});

test('a run without any test file does not read as success', async () => {
  const { exitCode, lines } = await run('no-such-file');
  expect(lines.at(-1)).toBe('0 passed, 1 failed');
  expect(exitCode).toBe(1);
});
