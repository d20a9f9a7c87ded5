import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { JudgedResults } from '../../bench/report/bench-results.ts';

const command = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

async function bench(...args: string[]) {
  return promisify(execFile)(process.execPath, [command, ...args], { maxBuffer: 16 * 1024 * 1024 });
}

describe('npm run bench in its short form', () => {
  test('measures every part and prints one JSON object', { timeout: 240_000 }, async () => {
    const { stdout } = await bench('--short', '--json');
    const results: JudgedResults = JSON.parse(stdout);
    const { sends, batches, wire, clientCold, bundles, functionCold, warm, due, thaw, bars } = results;
    expect(results.failures).toEqual([]);
    expect(results.settings).toMatchObject({ cluster: 'embedded', isShort: true });
    expect(sends?.missing).toEqual([]);
    for (const { contender, messagesPerSecond, failed } of [...(sends?.figures ?? []), ...(batches?.figures ?? [])]) {
      expect({ contender, failed, isIdle: messagesPerSecond.median === 0 }).toEqual({
        contender,
        failed: 0,
        isIdle: false,
      });
    }
    expect(new Set(sends?.figures.map(({ contender }) => contender))).toEqual(
      new Set(['this', 'blast-bin', 'blast-json']),
    );
    expect(wire?.find(({ contender, batch }) => contender === 'this' && batch === 1)?.sentBytes).toBeGreaterThan(256);
    expect(clientCold?.map(({ name }) => name)).toEqual(['bare node -e 0', 'blaster', 'this']);
    expect(bundles?.map(({ name }) => name)).toContain('sqs');
    expect(functionCold?.figures).toHaveLength(4);
    expect(warm?.figures.map(({ records }) => records)).toEqual([1, 10, 100, 1000, 10_000]);
    expect(due?.everythingDueMs?.count).toBeGreaterThan(0);
    expect(thaw).toHaveLength(4);
    expect(bars.length).toBeGreaterThan(10);
  });

  test('prints tables with the bars when no JSON is asked for', { timeout: 60_000 }, async () => {
    const { stdout } = await bench('--short', '--only', 'bundles');
    expect(stdout).toContain('## What must hold');
    expect(stdout).toContain('| bundle, client only');
    expect(stdout).not.toContain('## Single sends');
  });

  test('without Java nothing is begun that needs it', async () => {
    const env = { ...process.env, PATH: '/nowhere', JAVA_HOME: '/nowhere' };
    await expect(promisify(execFile)(process.execPath, [command, '--only', 'due'], { env })).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^a real RocketMQ cannot be run here: .*run --only bundles, or --short\.\n$/),
    });
  });

  test('tells its usage when an option is wrong', async () => {
    await expect(bench('--only', 'speed')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/there is no such part[\s\S]*usage: npm run bench/),
    });
  });
});
