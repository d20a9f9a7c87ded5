import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { functionSources } from '../../infra/bundling.ts';
import { needsRealRocketMQ } from './real/needs-real-rocketmq.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START = join(ROOT, 'local/start.ts');
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
  return startIn({}, ...args);
}

/** The same with other environment variables. */
function startIn(variables: NodeJS.ProcessEnv, ...args: string[]): Promise<Run> {
  const env = { ...process.env, ...variables };
  return new Promise((resolve) => {
    execFile(process.execPath, [START, ...args], { env }, (error: ExecFileException | null, stdout, stderr) => {
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
  readonly filtered: number;
  readonly dropped: number;
  readonly failedInvocations: Readonly<Record<string, number>>;
  readonly coldMs: number;
  readonly warmMs: { readonly p50: number; readonly p99: number };
}

/** What a machine's first run on a real release says besides. */
const FIRST_FETCH = /^Fetching the jars of .* by Maven \(once, this can take a minute\) …\n/;

/** The lines on stdout, one a source, with figures that agree with one another. */
function summariesOf({ exitCode, stdout, stderr }: Run, expectedCode = 0): Summary[] {
  expect({ exitCode, stderr: stderr.replace(FIRST_FETCH, '') }).toEqual({ exitCode: expectedCode, stderr: '' });
  const summaries = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Summary);
  for (const { stored, duplicates, records, reportedFailed, filtered, dropped, coldMs } of summaries) {
    // Of an event that fails as a whole, records can be stored all the same.
    expect(stored + duplicates).toBeGreaterThanOrEqual(records - reportedFailed - filtered - dropped);
    expect(coldMs).toBeGreaterThan(0);
  }
  return summaries;
}

function summaryOf(run: Run): Summary {
  const [summary, ...others] = summariesOf(run);
  expect(others).toEqual([]);
  expect(summary).toMatchObject({ source: 'sqs', duplicates: 0 });
  if (summary === undefined) throw new Error('no line');
  expect(summary.stored).toBe(summary.records - summary.reportedFailed);
  return summary;
}

/** A line for each source, which sent something, unless it is one that sends nothing. */
function expectEverySource(summaries: readonly Summary[]): void {
  const sources = functionSources();
  expect(summaries.map(({ source }) => source).toSorted()).toEqual(sources);
  for (const { source, stored, invocations } of summaries) {
    expect(invocations).toBeGreaterThan(50);
    if (source === 'schedule' || source === 'transaction-check') expect(stored).toBe(0);
    else expect(stored).toBeGreaterThan(50);
    // Two samples of it are one request under one idempotency key.
    if (source !== 'http') expect(summaries.find((one) => one.source === source)).toMatchObject({ duplicates: 0 });
  }
}

test('npm start sends the samples, some of which cannot be stored, and reads the others back', async () => {
  const summary = summaryOf(await start('--json'));
  expect(summary.cluster).toBe('embedded');
  expect(summary.reportedFailed).toBeGreaterThan(0);
  expect(summary.stored).toBeGreaterThan(0);
  expect(summary.warmMs.p99).toBeGreaterThanOrEqual(summary.warmMs.p50);
  expect(summary.warmMs.p50).toBeGreaterThan(0);
});

test('npm start -- --source all runs the function of every source, with a line for each', {
  timeout: LIMIT_MS,
}, async () => {
  const summaries = summariesOf(await start('--source', 'all', '--json'));
  expectEverySource(summaries);
});

test('npm start -- --source all --real does the same on RocketMQ 5.5.0', { timeout: LIMIT_MS }, async (context) => {
  await needsRealRocketMQ(context);
  const summaries = summariesOf(await start('--source', 'all', '--real', '--json'));
  expectEverySource(summaries);
  for (const { cluster } of summaries) expect(cluster).toBe('real');
});

test('npm start -- --real --version 4.9.5 takes that release', { timeout: LIMIT_MS }, async (context) => {
  await needsRealRocketMQ(context);
  const summary = summaryOf(await start('--real', '--version', '4.9.5', '--json'));
  expect(summary).toMatchObject({ cluster: 'real' });
  expect(summary.stored).toBeGreaterThan(0);
});

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

test('files are looked for where npm is called, also from another folder', async () => {
  const near = { messageId: 'mine-6', body: 'near', attributes: {}, messageAttributes: {} };
  await eventFile('near.json', JSON.stringify({ Records: [near] }));
  await eventFile('near-mapping.json', '{"tag":"body"}');
  const options = ['--event', 'near.json', '--mapping', 'near-mapping.json'];
  const called = ['--prefix', ROOT, 'start', '--silent', '--', ...options];
  const { stdout } = await promisify(execFile)('npm', called, { cwd: folder });
  expect(stdout).toContain('tag near near');
});

test('a message is shown as it was sent, also where it is stored compressed, and steers no terminal', async () => {
  const event = { id: 'mine-6', tag: 'a\u001bb', body: `hello\u001b[2J ${'world '.repeat(1000)}` };
  const file = await eventFile('large.json', JSON.stringify(event));
  const { stdout } = await start('--source', 'direct', '--event', file);
  expect(stdout).toMatch(/ keys mine-6 tag a\ufffdb hello\ufffd\[2J world world /);
});

test('a record that fails is shown with its reason', async () => {
  const empty = { messageId: 'mine-5', body: '', attributes: {}, messageAttributes: {} };
  const file = await eventFile('empty.json', JSON.stringify({ Records: [empty] }));
  const { stdout } = await start('--event', file);
  expect(stdout).toMatch(/^ +mine-5: ROCKETMQ_MESSAGE_ILLEGAL: .*body.*empty/m);
});

test('a message that waits for its time is stored, and not lost', async () => {
  const messages = [{ delayMs: 3_600_000 }, { delayLevel: 18 }, { deliverAt: Date.now() + 86_400_000 }];
  const file = await eventFile('later.json', JSON.stringify(messages.map((delay) => ({ body: 'later', ...delay }))));
  const { exitCode, stdout } = await start('--source', 'direct', '--event', file);
  expect(stdout.match(/^ {2}events-direct, waiting for its time: later$/gm)).toHaveLength(3);
  expect(stdout).toContain('3 records: 3 stored, 0 reported as failed, 0 duplicates, 0 lost');
  expect(exitCode).toBe(0);
});

test('a message without keys is shown without any', async () => {
  const file = await eventFile('keyless.json', JSON.stringify({ body: 'hello' }));
  const { stdout } = await start('--source', 'direct', '--event', file);
  expect(stdout).toMatch(/^ {2}events-direct queue \d offset 0 hello$/m);
});

test('a reason that quotes the event steers no terminal either', async () => {
  const file = await eventFile('key.json', JSON.stringify({ id: 'mine-7', keys: ['a\u001b b'], body: 'hello' }));
  const { stdout } = await start('--source', 'direct', '--event', file);
  expect(stdout).toMatch(/ROCKETMQ_MESSAGE_ILLEGAL: key "a\ufffd b" holds a blank/);
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

test.each([
  { args: ['--source', 'carrier-pigeon'], told: '--source "carrier-pigeon" is unknown' },
  { args: ['--source', 'all', '--event', 'event.json'], told: '--event needs one --source, not all' },
  {
    args: ['--version', '4.9.5'],
    told: '--version 4.9.5 needs --real, since the embedded cluster is of one version only',
  },
  { args: ['--version', '5.5.0'], told: '--version 5.5.0 needs --real' },
  { args: ['--real', '--version', '3.2.6'], told: '--version "3.2.6" is unknown' },
])('$args is refused with the usage', async ({ args, told }) => {
  const { exitCode, stderr } = await start(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(told);
  expect(stderr).toContain('usage: npm start');
});

test('an event of another source is sent by its function', async () => {
  const file = await eventFile('eventbridge.json', JSON.stringify({ id: 'mine-2', source: 'orders', detail: {} }));
  const [summary] = summariesOf(await start('--source', 'eventbridge', '--event', file, '--json'));
  expect(summary).toMatchObject({ source: 'eventbridge', invocations: 1, records: 1, stored: 1 });
});

test('an event with a byte order mark, as editors of Windows write it, is read', async () => {
  const file = await eventFile('bom.json', `\uFEFF${JSON.stringify({ id: 'mine-3', source: 'orders', detail: {} })}`);
  const [summary] = summariesOf(await start('--source', 'eventbridge', '--event', file, '--json'));
  expect(summary).toMatchObject({ records: 1, stored: 1, failedInvocations: {} });
});

test('an event of your own that fails as a whole is told of by the summary and the exit code', async () => {
  const file = await eventFile('other.json', JSON.stringify({ Records: [{ messageId: 'mine-4', body: 'hello' }] }));
  const args = ['--source', 'kinesis', '--event', file];
  const [summary] = summariesOf(await start(...args, '--json'), 1);
  expect(summary).toMatchObject({ invocations: 1, records: 0, failedInvocations: { ROCKETMQ_EVENT: 1 } });
  const { exitCode, stdout } = await start(...args);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('1 of 1 invocations failed: ROCKETMQ_EVENT');
});

test('an event by itself has no warm figures, and what stored nothing says so', async () => {
  const file = await eventFile('none.json', '{"Records":[]}');
  const { stdout } = await start('--event', file);
  expect(stdout).toContain('read back from the broker: nothing');
  expect(stdout).toMatch(/^cold start [\d.]+ ms \(process start to answer\)$/m);
});

test('a folder for temporary files that is not there is told of in a sentence', async () => {
  const { exitCode, stderr } = await startIn({ TMPDIR: join(folder, 'gone') });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^ENOENT: .*\n.*TMPDIR/);
  expect(stderr).not.toContain('    at ');
});

test('a machine without Java is told so once', async () => {
  const { exitCode, stderr } = await startIn({ PATH: folder, JAVA_HOME: undefined }, '--real');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^a real RocketMQ cannot be run here: a JDK/);
});

test('a real broker that does not start is told of by what it said last', async (context) => {
  await needsRealRocketMQ(context);
  const home = join(folder, 'jdk');
  await mkdir(join(home, 'bin'), { recursive: true });
  // Passes for a JDK, and starts no server.
  const java =
    '#!/bin/sh\nif [ "$1" = --list-modules ]; then echo java.base@17; echo jdk.compiler@17; else echo "No space left on device"; exit 1; fi\n';
  await writeFile(join(home, 'bin', 'java'), java, { mode: 0o755 });
  await writeFile(join(home, 'bin', 'mvn'), '#!/bin/sh\n', { mode: 0o755 });
  const PATH = `${join(home, 'bin')}:${process.env.PATH}`;
  const { exitCode, stderr } = await startIn({ JAVA_HOME: home, PATH }, '--real');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('its last lines:\nNo space left on device\n');
  expect(stderr).toContain('TMPDIR names another folder');
  expect(stderr).not.toContain('    at ');
});

test('whoever reads the output may stop, and nothing is left behind', async () => {
  const temporary = await mkdtemp(join(folder, 'tmp-'));
  const run = spawn(process.execPath, [START], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [errors, ended] = [text(run.stderr), once(run, 'exit')];
  run.stdout.once('data', () => run.stdout.destroy());
  expect([await ended, await errors]).toEqual([[0, null], '']);
  expect(await readdir(temporary)).toEqual([]);
});

test('samples that are meant to fail do not fail the run', async () => {
  const [summary] = summariesOf(await start('--source', 'sns', '--json'));
  expect(summary).toMatchObject({ failedInvocations: { ROCKETMQ_DELIVERY_PERMANENT: 1 } });
});

describe('a mapping', () => {
  const event = {
    Records: ['paid', 'draft', 'broken'].map((status) => ({
      messageId: `mine-${status}`,
      body: JSON.stringify({ status, tag: status === 'broken' ? { no: 'text' } : 'a-tag' }),
    })),
  };
  const mapping = JSON.stringify({
    topic: "join('-', ['orders', body.status])",
    tag: 'body.tag',
    filter: "body.status != 'draft'",
    properties: { channel: { literal: 'web' } },
    onPermanentError: 'drop',
  });

  test('is tried on an event: with the topics that it names, what it leaves out and what it drops', async () => {
    const file = await eventFile('mapped.json', JSON.stringify(event));
    const args = ['--event', file, '--mapping'];
    const [summary] = summariesOf(await start(...args, mapping, '--json'));
    expect(summary).toMatchObject({ records: 3, stored: 1, filtered: 1, dropped: 1, failedInvocations: {} });
    const { exitCode, stdout } = await start(...args, await eventFile('mapping.json', `\uFEFF${mapping}`));
    expect(exitCode).toBe(0);
    expect(stdout).toContain('orders-paid queue');
    expect(stdout).toContain('tag a-tag {"channel":"web"}');
    expect(stdout).toContain('1 left out by the filter, 1 dropped');
    expect(stdout).toMatch(/^ +mine-broken: ROCKETMQ_MESSAGE_ILLEGAL: .*mapping\.tag/m);
  });

  test('is tried on the samples of a source', async () => {
    const [summary] = summariesOf(await start('--source', 'dynamodb', '--mapping', '{"filter":false}', '--json'));
    expect(summary).toMatchObject({ stored: 0 });
    expect(summary?.filtered).toBeGreaterThan(100);
  });

  test.each([
    {
      args: ['--mapping', '{"tag":"body.["}'],
      told: '--mapping: mapping.tag: column 7 of "body.[": it ends too early',
    },
    { args: ['--mapping', 'no-such-mapping.json'], told: '--mapping no-such-mapping.json cannot be used: ENOENT' },
    { args: ['--mapping', '{}', '--source', 'http'], told: '--mapping is not for --source http' },
    { args: ['--mapping', '{}', '--source', 'place-order'], told: '--mapping is not for --source place-order' },
    { args: ['--mapping', '{}', '--source', 'all'], told: '--mapping needs one --source, not all' },
  ])('is refused before anything is started: $args', async ({ args, told }) => {
    const { exitCode, stdout, stderr } = await start(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(told);
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)('leaves no file behind when %s ends it', async (signal) => {
  const temporary = await mkdtemp(join(folder, 'tmp-'));
  const run = spawn(process.execPath, [START], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: run.stdout })) if (line.startsWith('function ')) break;
  expect(await readdir(temporary)).toHaveLength(1);
  run.kill(signal);
  await vi.waitUntil(async () => (await readdir(temporary)).length === 0, { timeout: 10_000 });
});

test('an option that does not exist is refused with the usage', async () => {
  const { exitCode, stderr } = await start('--rael');
  expect(exitCode).toBe(2);
  expect(stderr).toContain("Unknown option '--rael'");
  expect(stderr).toContain('usage: npm start');
});
