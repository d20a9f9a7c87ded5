import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { endWithParent } from './end-with-parent.ts';
import { withProcessLock } from './process-lock.ts';

const run = promisify(execFile);
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const DOWNLOAD_LIMIT_MS = 600_000;

/** Maven did not bring what was asked for: there is no network, say. The message has its reasons. */
export class JarsNotFetchedError extends Error {
  override readonly name = 'JarsNotFetchedError';
}

const underWay = new Map<string, Promise<string>>();

/**
 * Fetches Maven artifacts (`group:artifact:version`) with everything they need at run time into `<folder>/lib`, once, and
 * returns that path. Later calls, in this process or another, find the folder and return at once; calls that come while it
 * is fetched wait for it. The folder appears in one step, complete, and is replaced when the list of artifacts changed.
 *
 * @throws JarsNotFetchedError with Maven's last lines when it fails.
 */
export function mavenLib(folder: string, artifacts: readonly string[]): Promise<string> {
  const pom = pomOf(artifacts);
  const key = `${folder}\n${pom}`;
  let fetching = underWay.get(key);
  if (fetching === undefined) {
    fetching = fetchOnce(folder, pom).finally(() => underWay.delete(key));
    underWay.set(key, fetching);
  }
  return fetching;
}

async function fetchOnce(folder: string, pom: string): Promise<string> {
  const lib = join(folder, 'lib');
  if (await isFetched(folder, pom)) return lib;
  await mkdir(dirname(folder), { recursive: true });
  // One lock for all folders side by side: Maven's local repository does not bear two writers.
  await withProcessLock(join(dirname(folder), 'download.lock'), DOWNLOAD_LIMIT_MS, async () => {
    if (!(await isFetched(folder, pom))) await fetch(folder, pom);
  });
  return lib;
}

async function isFetched(folder: string, pom: string): Promise<boolean> {
  try {
    return (await readFile(join(folder, 'pom.xml'), 'utf8')) === pom;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function fetch(folder: string, pom: string): Promise<void> {
  process.stderr.write(`Fetching the jars of ${basename(folder)} by Maven (once, this can take a minute) …\n`);
  const staging = await mkdtemp(`${folder}.part-`);
  const doneWith = endWithParent({ directory: staging });
  try {
    await writeFile(join(staging, 'pom.xml'), pom);
    const args = ['-B', '-f', join(staging, 'pom.xml'), COPY_DEPENDENCIES];
    args.push(`-DoutputDirectory=${join(staging, 'lib')}`, '-DincludeScope=runtime');
    await runMaven(args);
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
    doneWith();
  }
}

async function runMaven(args: readonly string[]): Promise<void> {
  const maven = run('mvn', args, { timeout: DOWNLOAD_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
  const { pid } = maven.child;
  const doneWith = pid === undefined ? undefined : endWithParent({ pid });
  try {
    await maven;
  } catch (cause) {
    const { stdout = '', message } = cause as { stdout?: string; message: string };
    const faults = stdout.split('\n').filter((line) => line.includes('ERROR'));
    const lines = (faults.length > 0 ? faults : stdout.split('\n')).slice(0, 10).join('\n');
    throw new JarsNotFetchedError(`Maven could not fetch the jars: ${lines.trim() || message}`, { cause });
  } finally {
    doneWith?.();
  }
}

function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':');
    return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rocketmq-lambda</groupId><artifactId>fetched-jars</artifactId><version>1</version>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
