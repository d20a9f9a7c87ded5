import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';

const waitMs = 5_000;

/**
 * Stops a process by SIGSTOP and returns when the kernel says that it stands still: the signal alone takes a moment. False when
 * there is no such process any more. SIGCONT lets it run on.
 */
export async function stopProcess(pid: number): Promise<boolean> {
  if (!signal(pid, 'SIGSTOP')) return false;
  const endAt = Date.now() + waitMs;
  for (;;) {
    const state = await processState(pid);
    if (state === 'T') return true;
    if (state === undefined || state === 'Z' || state === 'X') return false;
    if (Date.now() > endAt)
      throw new Error(`Process ${pid} is in state ${state} ${waitMs} ms after SIGSTOP, not stopped.`);
    await after(1);
  }
}

/** Lets a stopped process run on. False when there is no such process any more. */
export function continueProcess(pid: number): boolean {
  return signal(pid, 'SIGCONT');
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** The kernel's letter for the state of a process (R, S, D, T, Z …), or undefined when there is none with that id. */
export async function processState(pid: number): Promise<string | undefined> {
  try {
    if (process.platform !== 'linux') {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]);
      return stdout.trim().charAt(0);
    }
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name before the state is in brackets and may itself hold brackets and blanks.
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    // Neither /proc nor ps knows the id: the process has ended and been reaped.
    return undefined;
  }
}
