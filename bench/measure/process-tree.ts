import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc in ms: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_MS = 10;

interface ProcessTimes {
  readonly parent: number;
  readonly cpuMs: number;
}

/** CPU time in ms of a process and all its descendants that still run, without those of `except` and their descendants. */
export function treeCpuMs(root: number, except: ReadonlySet<number> = new Set(), folder = '/proc'): number {
  const all = new Map<number, ProcessTimes>();
  // Where this is no Linux there is nothing to count.
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!/^\d+$/.test(name)) continue;
    const times = timesOf(Number(name));
    if (times !== undefined) all.set(Number(name), times);
  }
  const isInTree = (pid: number): boolean => {
    if (except.has(pid)) return false;
    if (pid === root) return true;
    const parent = all.get(pid)?.parent;
    return parent !== undefined && parent > 0 && isInTree(parent);
  };
  return [...all].reduce((sum, [pid, { cpuMs }]) => (isInTree(pid) ? sum + cpuMs : sum), 0);
}

/** Most memory a process has held so far (`VmHWM`), in bytes; `undefined` when it has gone. */
export function peakRssBytes(pid: number): number | undefined {
  const text = readProc(`/proc/${pid}/status`);
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(text ?? '') ?? [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** CPU time in ms of everything on the machine, time stolen by its host included. */
export function machineCpuMs(): number {
  const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = (readProc('/proc/stat') ?? '')
    .split('\n', 1)
    .join('')
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + steal) * TICK_MS;
}

function timesOf(pid: number): ProcessTimes | undefined {
  // The name in brackets may hold anything, spaces and brackets too; what follows its last bracket does not.
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended, or this is no Linux: then there is nothing to count.
    return undefined;
  }
}
