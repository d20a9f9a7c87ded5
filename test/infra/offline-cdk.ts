import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../node_modules/aws-cdk/bin/cdk', import.meta.url));

/** Commands that run another one without any network; the first that this machine allows is taken. */
const withoutNetwork = [
  ['unshare', '-n'],
  ['unshare', '-r', '-n'],
].find(([command = '', ...options]) => spawnSync(command, [...options, 'true']).status === 0);

if (withoutNetwork === undefined) {
  console.warn(
    'unshare does not work here: synth is tested without AWS settings and proxies, but not cut off from the network.',
  );
}

/** What came of a synth. */
export interface Synthesized {
  readonly status: number | null;
  /** stdout and stderr. */
  readonly output: string;
  /** Folder with the templates and assets. */
  readonly assembly: string;
}

/**
 * Runs `cdk synth` in the folder of an app as a user without AWS account, settings, home or network would.
 *
 * @param root folder in which homes and assemblies may be made
 */
export function synthOffline(app: string, root: string, ...args: string[]): Synthesized {
  const home = mkdtempSync(join(root, 'home-'));
  const assembly = join(home, 'cdk.out');
  mkdirSync(assembly);
  const [command = process.execPath, ...rest] = [...(withoutNetwork ?? []), process.execPath, cli, 'synth', '--quiet'];
  const { status, stdout, stderr } = spawnSync(command, [...rest, '--output', assembly, ...args], {
    cwd: app,
    encoding: 'utf8',
    // The app is started by the name `node`, which must be the one that runs TypeScript.
    env: { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, HOME: home, CI: 'true' },
  });
  return { status, output: `${stdout}${stderr}`, assembly };
}
