import { fileURLToPath } from 'node:url';
import { javaClassPath } from '../../local/real/java-class-path.ts';
import { JavaServer } from '../../local/real/java-server.ts';
import { JVM_ACCESS, JVM_QUICK_START, jvmFilesIn } from '../../local/real/jvm-options.ts';
import type { RocketMQVersion } from '../../local/real/rocketmq-version.ts';
import { temporaryDirectory } from '../../local/real/temporary-directory.ts';

/**
 * Starts a Java program of this folder that goes on until it is killed, with the client of a release; resolves when it says
 * "is ready".
 */
export async function startJavaProgram(
  version: RocketMQVersion,
  sourceFile: string,
  args: readonly string[],
): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack();
  const { path: home } = undo.use(await temporaryDirectory());
  const jvmArgs = [...JVM_ACCESS, ...JVM_QUICK_START, ...jvmFilesIn(home)];
  const source = fileURLToPath(new URL(sourceFile, import.meta.url));
  const classPath = await javaClassPath(version);
  const program = new JavaServer({
    name: `${sourceFile} with RocketMQ ${version}`,
    args: [...jvmArgs, '-cp', classPath, source, ...args],
    env: {},
    readyText: 'is ready',
  });
  undo.defer(() => program.signal('SIGKILL'));
  await program.start();
  return undo.move();
}
