import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

const MODULE = fileURLToPath(new URL('../../../local/real/end-with-parent.ts', import.meta.url));

// A parent that starts a child which would run for ever, keeps `directory`, says the child's id, and then does `ending`.
function startParent(directory: string, ending: string): ChildProcess {
  const program = `
    import { spawn } from 'node:child_process';
    import { endWithParent } from ${JSON.stringify(MODULE)};
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
    endWithParent({ pid: child.pid });
    endWithParent({ directory: ${JSON.stringify(directory)} });
    console.log(child.pid);
    ${ending}
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: there is no such process any more.
    return false;
  }
}

const FOR_EVER = 'setInterval(() => {}, 1000);';

test.each([
  { how: 'is killed', ending: FOR_EVER, signal: 'SIGKILL' },
  { how: 'is interrupted', ending: FOR_EVER, signal: 'SIGINT' },
  { how: 'exits', ending: 'process.stdin.once("data", () => process.exit(0));', signal: undefined },
] as const)(
  'ends the child and removes the directory when the parent $how',
  async ({ ending, signal }) => {
    const directory = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-test-'));
    const parent = startParent(directory, ending);
    if (parent.stdout === null) throw new Error('the parent has no output');
    const [line] = await once(createInterface({ input: parent.stdout }), 'line');
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    if (signal === undefined) parent.stdin?.write('exit\n');
    else parent.kill(signal);
    await vi.waitUntil(() => !isAlive(pid) && !existsSync(directory), { timeout: 10_000 });
  },
  20_000,
);
