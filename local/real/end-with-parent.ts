import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Something that must not outlive this process: a child process by its id, or a directory. */
export type Leftover = { readonly pid: number } | { readonly directory: string };

const leftovers = new Map<string, Leftover>();
let watch: ChildProcess | undefined;

/**
 * Promises that the child process is killed, or the directory removed, when this process ends, however it ends. An orderly
 * exit does it in its `exit` event; for an interrupt, a crash or SIGKILL there is a watching process (`orphan-watch.ts`)
 * that notices when its standard input ends. The returned function takes the promise back, once it has been done otherwise.
 */
export function endWithParent(leftover: Leftover): () => void {
  const line = JSON.stringify(leftover);
  leftovers.set(line, leftover);
  watch ??= startWatch();
  watch.stdin?.write(`+${line}\n`);
  return () => {
    leftovers.delete(line);
    watch?.stdin?.write(`-${line}\n`);
  };
}

/** Kills or removes what is named; what is gone already is fine. */
export function endLeftovers(all: Iterable<Leftover>): void {
  const directories: string[] = [];
  for (const leftover of all) {
    if ('directory' in leftover) directories.push(leftover.directory);
    else kill(leftover.pid);
  }
  // A process that is being killed may still write: rmSync tries again.
  for (const path of directories) rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function startWatch(): ChildProcess {
  process.once('exit', () => endLeftovers(leftovers.values()));
  const script = fileURLToPath(new URL('orphan-watch.ts', import.meta.url));
  // A process group of its own: Ctrl-C in a terminal must not end the watch together with what it watches.
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
  child.on('error', (error) => process.stderr.write(`orphan watch could not be started: ${error.message}\n`));
  child.stdin.on('error', (error) => process.stderr.write(`orphan watch is gone: ${error.message}\n`));
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}
