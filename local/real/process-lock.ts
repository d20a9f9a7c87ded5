import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 200;
const UNWRITTEN_MS = 5_000;

/**
 * Does `work` while no other process that asks for the same lock file does its own. A lock left behind by a process that
 * died is taken over; should two processes take it over in the same instant, both work, so `work` must end in an atomic step.
 *
 * @throws Error after `limitMs` of waiting, naming the file and the process that holds it.
 */
export async function withProcessLock<T>(file: string, limitMs: number, work: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + limitMs;
  while (!(await tryLock(file))) {
    const holder = await holderOf(file);
    if (holder === 'dead') await removeIfThere(file);
    else if (Date.now() > giveUpAt)
      throw new Error(`${file} is still held by process ${holder} after ${limitMs} ms: end it or remove the file`);
    else await delay(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await removeIfThere(file);
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(file: string): Promise<number | 'unknown' | 'dead'> {
  try {
    const pid = Number(await readFile(file, 'utf8'));
    if (pid > 0) return isAlive(pid) ? pid : 'dead';
    // Created, but the pid is not written yet: give its owner a moment before calling it dead.
    return Date.now() - (await stat(file)).mtimeMs > UNWRITTEN_MS ? 'dead' : 'unknown';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'unknown';
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function removeIfThere(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
