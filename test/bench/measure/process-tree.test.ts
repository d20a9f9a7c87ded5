import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { machineCpuMs, peakRssBytes, treeCpuMs } from '../../../bench/measure/process-tree.ts';

test('the CPU time of a tree counts children, and leaves out those that are excepted', async () => {
  // Works until it has used at least 50 ms of CPU, says so, and waits.
  const code = 'while (process.cpuUsage().user < 50_000); console.log(1); process.stdin.resume()';
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await once(child.stdout, 'data');
    const { pid = 0 } = child;
    expect(treeCpuMs(pid)).toBeGreaterThanOrEqual(40);
    expect(treeCpuMs(process.pid)).toBeGreaterThan(treeCpuMs(process.pid, new Set([pid])));
    expect(treeCpuMs(pid, new Set([pid]))).toBe(0);
    expect(machineCpuMs()).toBeGreaterThan(treeCpuMs(pid));
    expect(peakRssBytes(pid)).toBeGreaterThan(10_000_000);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

test('where processes have no folder, as on macOS, nothing is counted', () => {
  expect(treeCpuMs(process.pid, new Set(), '/nowhere/proc')).toBe(0);
});
