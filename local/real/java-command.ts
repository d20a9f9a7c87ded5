import { join } from 'node:path';

/** The `java` program to start: the one of `JAVA_HOME` when that is set, else the first on the path. */
export function javaCommand(): string {
  const home = process.env.JAVA_HOME;
  return home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
}
