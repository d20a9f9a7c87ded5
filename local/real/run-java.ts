import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { endWithParent } from './end-with-parent.ts';
import { javaClassPath } from './java-class-path.ts';
import { javaCommand } from './java-command.ts';
import { JVM_ACCESS, JVM_QUICK_START, jvmFilesIn } from './jvm-options.ts';
import type { RocketMQVersion } from './rocketmq-version.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Limits and extras of one run. */
export interface RunJavaOptions {
  /** Kills the program after this many ms, which is an error. Default 60000. */
  readonly timeoutMs?: number;
  /** JVM options, such as `-Dname=value`. */
  readonly javaArgs?: readonly string[];
}

/** What a Java program left behind. */
export interface JavaResult {
  /** Its exit code. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Compiles and runs a Java program that is one source file, with the client, tools and servers of a RocketMQ release on its
 * class path. What it writes besides goes to a temporary directory that is removed afterwards. Fetches
 * the jars when they are not there yet; that time is not counted. A program that uses the client must end with `System.exit`, also
 * when it fails: the client's threads keep a JVM alive whose `main` has thrown.
 *
 * @throws Error when Java cannot be started, or when a signal or the time limit ended the program; the message has its output.
 */
export async function runJava(
  version: RocketMQVersion,
  sourceFile: string,
  args: readonly string[],
  options: RunJavaOptions = {},
): Promise<JavaResult> {
  const { timeoutMs = 60_000, javaArgs = [] } = options;
  const classPath = await javaClassPath(version);
  await using home = await temporaryDirectory();
  const jvmArgs = [...JVM_ACCESS, ...JVM_QUICK_START, ...jvmFilesIn(home.path), ...javaArgs];
  const child = spawn(javaCommand(), [...jvmArgs, '-cp', classPath, sourceFile, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'close');
  const doneWith = child.pid === undefined ? undefined : endWithParent({ pid: child.pid });
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  doneWith?.();
  if (typeof exitCode === 'number') return { exitCode, stdout, stderr };
  const limit = `${signal} (limit ${timeoutMs} ms)`;
  throw new Error(`java ${sourceFile} was ended by ${limit}; it wrote:\n${stdout}${stderr}`);
}
