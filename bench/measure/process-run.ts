import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { endWithParent } from '../../local/real/end-with-parent.ts';

/** A program to start, and what it is given. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One run of a program, from its start to its end. */
export interface ProcessRun {
  /** From just before the process is made until its end is known. */
  readonly elapsedMs: number;
  readonly stdout: string;
}

const LIMIT_MS = 60_000;

/** Runs a program to its end. @throws Error with what it wrote when it fails, or takes longer than a minute. */
export async function runProgram({ command, args, env = {} }: Program): Promise<ProcessRun> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const doneWith = child.pid === undefined ? () => undefined : endWithParent({ pid: child.pid });
  const ended = once(child, 'exit').then(([code, signal]) => ({
    code,
    signal,
    elapsedMs: performance.now() - startedAt,
  }));
  const all = Promise.all([text(child.stdout), text(child.stderr), ended]);
  const [stdout, stderr, { code, signal, elapsedMs }] = await all.finally(doneWith);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${stdout}${stderr}`);
  return { elapsedMs, stdout };
}
