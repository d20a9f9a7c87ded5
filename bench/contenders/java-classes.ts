import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { javaClassPath } from '../../local/real/java-class-path.ts';
import { javaCommand } from '../../local/real/java-command.ts';
import { JVM_ACCESS, jvmFilesIn } from '../../local/real/jvm-options.ts';
import { BENCH_CACHE } from '../peers.ts';

/** A compiled Java program, ready to be started. */
export interface JavaProgram {
  readonly command: string;
  /** Everything before the program's own arguments. */
  readonly args: readonly string[];
}

/**
 * Compiles a Java source file beforehand, for the compiler must not count as the client's start, with the
 * jars of RocketMQ 5.5.0, and tells how to start it.
 * @param jvmArgs options of the JVM; none is what users have.
 */
export async function javaProgram(
  source: URL,
  className: string,
  jvmArgs: readonly string[] = [],
): Promise<JavaProgram> {
  const classPath = await javaClassPath('5.5.0');
  const classes = join(BENCH_CACHE, 'java', 'classes');
  const home = join(BENCH_CACHE, 'java', 'home');
  for (const folder of [classes, home]) mkdirSync(folder, { recursive: true });
  const java = javaCommand();
  const file = fileURLToPath(source);
  await promisify(execFile)(`${java}c`, ['-proc:none', '-cp', classPath, '-d', classes, file]);
  const own = [...JVM_ACCESS, ...jvmArgs, ...jvmFilesIn(home)];
  return { command: java, args: [...own, '-cp', [classes, classPath].join(delimiter), className] };
}
