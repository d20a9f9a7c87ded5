import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needsRealRocketMQ } from './real/needs-real-rocketmq.ts';

const START = fileURLToPath(new URL('../../local/start.ts', import.meta.url));
const LIMIT_MS = 300_000;

interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** `npm start -- …` as npm runs it. */
function start(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [START, ...args], (error: ExecFileException | null, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

async function eventFile(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

interface Summary {
  readonly cluster: string;
  readonly source: string;
  readonly invocations: number;
  readonly records: number;
  readonly stored: number;
  readonly reportedFailed: number;
  readonly duplicates: number;
  readonly coldMs: number;
  readonly warmMs: { readonly p50: number; readonly p99: number };
}

/** The one line on stdout, with figures that agree with one another. */
function summaryOf({ exitCode, stdout, stderr }: Run): Summary {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const summary = JSON.parse(stdout) as Summary;
  expect(summary.stored).toBe(summary.records - summary.reportedFailed);
  expect(summary).toMatchObject({ source: 'sqs', duplicates: 0 });
  expect(summary.coldMs).toBeGreaterThan(0);
  return summary;
}

test('npm start sends the samples, some of which cannot be stored, and reads the others back', async () => {
  const summary = summaryOf(await start('--json'));
  expect(summary.cluster).toBe('embedded');
  expect(summary.reportedFailed).toBeGreaterThan(0);
  expect(summary.stored).toBeGreaterThan(0);
  expect(summary.warmMs.p99).toBeGreaterThanOrEqual(summary.warmMs.p50);
  expect(summary.warmMs.p50).toBeGreaterThan(0);
});

test.for(['5.5.0', '4.9.5'])(
  'npm start -- --real does the same on RocketMQ %s',
  { timeout: LIMIT_MS },
  async (version, context) => {
    await needsRealRocketMQ(context);
    const summary = summaryOf(await start('--real', '--version', version, '--json'));
    expect(summary.cluster).toBe('real');
  },
);

test('npm start without --json tells people what happens', async () => {
  const { exitCode, stdout } = await start();
  expect(exitCode).toBe(0);
  for (const part of [
    'cluster ',
    'kB at start',
    'cold, ',
    'warm, ',
    'thawed after',
    'read back',
    'reported as failed',
  ]) {
    expect(stdout).toContain(part);
  }
});

test('an event of your own is sent once', async () => {
  const body = { messageId: 'mine-1', body: 'hello', attributes: {}, messageAttributes: {} };
  const file = await eventFile('event.json', JSON.stringify({ Records: [body] }));
  expect(summaryOf(await start('--event', file, '--json'))).toMatchObject({ invocations: 1, records: 1, stored: 1 });
});

test.each([
  { what: 'a file that does not exist', name: undefined, text: '', told: 'no-such-file.json cannot be used: ENOENT' },
  { what: 'a file that is no JSON', name: 'broken.json', text: '{"Records": [', told: 'broken.json cannot be used: ' },
])('$what is refused before anything is started', async ({ name, text, told }) => {
  const file = name === undefined ? join(folder, 'no-such-file.json') : await eventFile(name, text);
  const { exitCode, stdout, stderr } = await start('--event', file, '--json');
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(told);
  expect(stderr).not.toContain('    at ');
});

test('an option that does not exist is refused with the usage', async () => {
  const { exitCode, stderr } = await start('--rael');
  expect(exitCode).toBe(2);
  expect(stderr).toContain("Unknown option '--rael'");
  expect(stderr).toContain('usage: npm start');
});
