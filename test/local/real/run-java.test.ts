import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { runJava } from '../../../local/real/run-java.ts';
import { needsRealRocketMQ } from './needs-real-rocketmq.ts';

beforeEach(needsRealRocketMQ);

test.each(['5.5.0', '4.9.5'] as const)(
  'runs a source file against the jars of %s, at home in a directory of its own',
  async (version) => {
    const source = fileURLToPath(new URL('Echo.java', import.meta.url));
    const { exitCode, stdout, stderr } = await runJava(version, source, ['a', 'b c'], { timeoutMs: 60_000 });
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: 'a,b c\n' });
    const [home = '', status] = stderr.trim().split(' ');
    expect(status).toBe('SEND_OK');
    expect(home).toContain('rocketmq-lambda-');
    expect(existsSync(home)).toBe(false);
  },
  300_000,
);

test('ends a program that takes too long, and says so', async () => {
  const source = fileURLToPath(new URL('Scripted.java', import.meta.url));
  const run = runJava('5.5.0', source, ['first line'], { timeoutMs: 2_500 });
  await expect(run).rejects.toThrow(/was ended by SIGKILL \(limit 2500 ms\)/);
}, 300_000);
