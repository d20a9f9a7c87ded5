import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { processState } from '../../../local/lambda/stopped-process.ts';

const program = fileURLToPath(new URL('freeze-and-wait.ts', import.meta.url));

test('a frozen function does not outlive a host that was killed', async () => {
  const host = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(host.stdout, 'data')) as [Buffer];
  const { pid, frozen } = JSON.parse(line.toString()) as { pid: number; frozen: boolean };
  expect(frozen).toBe(true);
  expect(await processState(pid)).toBe('T');
  host.kill('SIGKILL');
  await once(host, 'close');
  // Z: dead, and not yet collected by its new parent.
  await expect.poll(() => processState(pid), { timeout: 4_000 }).toBeOneOf([undefined, 'Z']);
});
