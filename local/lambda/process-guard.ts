import { spawn } from 'node:child_process';

/**
 * Kills a process when this one is gone, whatever ended it, a SIGKILL included. A process stopped by SIGSTOP would otherwise stay for ever:
 * it sees neither a closed connection nor any other signal. Returns how to call the guard off, once the process has ended.
 */
export function guardProcess(pid: number): () => void {
  // The shell waits for the end of its input, which comes with the end of this process, and not with a Ctrl-C that reaches all of
  // the terminal's processes.
  const guard = spawn('/bin/sh', ['-c', `trap '' HUP INT TERM; read -r never; kill -KILL ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no guard; the process is still killed by whoever started it.
  guard.on('error', () => {});
  guard.unref();
  return () => {
    guard.kill('SIGKILL');
    guard.stdin.destroy();
  };
}
