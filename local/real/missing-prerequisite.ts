import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { javaCommand } from './java-command.ts';

const run = promisify(execFile);
const OLDEST_JAVA = 17;

/**
 * Says in one plain sentence what this machine lacks to run a real RocketMQ, or `undefined` when nothing is missing:
 * a JDK of version 17 or later (`JAVA_HOME`, else the path) and Maven. Starts both programs once; never throws.
 */
export async function missingPrerequisite(): Promise<string | undefined> {
  const missing = (await Promise.all([missingJava(), missingMaven()])).filter((reason) => reason !== undefined);
  return missing.length === 0 ? undefined : `a real RocketMQ cannot be run here: ${missing.join('; ')}`;
}

async function missingJava(): Promise<string | undefined> {
  const wanted = `a JDK of version ${OLDEST_JAVA} or later is needed (set JAVA_HOME or put java on the path)`;
  try {
    // Lines such as "java.base@17.0.15": one call tells the version and whether the compiler is there.
    const { stdout } = await run(javaCommand(), ['--list-modules']);
    const major = Number(/^java\.base@(\d+)/m.exec(stdout)?.[1]);
    if (!(major >= OLDEST_JAVA)) return `${wanted}, ${javaCommand()} is version ${major}`;
    if (!/^jdk\.compiler@/m.test(stdout)) return `${wanted}, ${javaCommand()} is a run-time without a compiler`;
    return undefined;
  } catch (error) {
    return `${wanted}, ${javaCommand()} could not be run or is older (${reasonOf(error)})`;
  }
}

async function missingMaven(): Promise<string | undefined> {
  try {
    await run('mvn', ['--version']);
    return undefined;
  } catch (error) {
    return `Maven is needed (mvn on the path), it could not be run (${reasonOf(error)})`;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
