import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withProcessLock } from '../../local/real/process-lock.ts';

const run = promisify(execFile);
const VERSION = '1.5.33';
const INSTALL_LIMIT_MS = 240_000;
const cacheRoot = fileURLToPath(new URL('../../.cache', import.meta.url));

/** Says in one sentence what this machine lacks to install the emulator, or nothing when it lacks nothing. Never throws. */
export async function missingPython(): Promise<string | undefined> {
  const wanted = 'Python 3.11 or later with venv is needed to run the AWS emulator (python3 on the path)';
  try {
    const { stdout } = await run('python3', ['-c', 'import ensurepip, sys, venv; print(*sys.version_info[:2])']);
    const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number);
    return major > 3 || (major === 3 && minor >= 11) ? undefined : `${wanted}; it is version ${major}.${minor}`;
  } catch (error) {
    return `${wanted}; it could not be used (${error instanceof Error ? error.message.split('\n')[0] : error})`;
  }
}

/**
 * The Python of a virtual environment that has the pinned emulator, made once in `.cache`. boto3 is for the code that the CDK deploys
 * to put notifications on buckets; its version is the one that fits the emulator's botocore.
 */
export async function ministackPython(): Promise<string> {
  await mkdir(cacheRoot, { recursive: true });
  const environment = join(realpathSync(cacheRoot), 'ministack', VERSION);
  const python = join(environment, 'bin', 'python');
  // Written last: an environment without it is what an interrupted installation has left.
  const isComplete = join(environment, 'complete');
  await withProcessLock(join(cacheRoot, 'ministack.lock'), INSTALL_LIMIT_MS, async () => {
    if (existsSync(isComplete)) return;
    await rm(environment, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', environment]);
    await run(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      `ministack==${VERSION}`,
      'boto3',
    ]);
    await writeFile(isComplete, '');
  });
  return python;
}
