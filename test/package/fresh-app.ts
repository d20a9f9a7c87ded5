import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(projectRoot, 'package.json'), 'utf8'),
);

/** Runs a command to its end, with this Node first on the path. Throws with its output when it fails. */
export function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}.\n${stdout}${stderr}`);
  return stdout;
}

/** Packs the project as `npm pack` does, and gives the path of the tarball: the only one in the folder. */
export function packProject(outDir: string): string {
  run(projectRoot, 'npm', 'pack', '--silent', '--pack-destination', outDir);
  const tarball = readdirSync(outDir).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${outDir}`);
  return join(outDir, tarball);
}

/** A folder of its own, in which the tarball is installed beside the packages named, in the versions this project tests with. */
export function freshApp(folder: string, tarball: string, ...packages: string[]): string {
  mkdirSync(folder);
  run(folder, 'npm', 'init', '--yes');
  const pinned = packages.map((name) => `${name}@${devDependencies[name]}`);
  // From npm's cache where it can be: `npm ci` of the project has put most of it there.
  const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run(folder, 'npm', 'install', ...quiet, tarball, ...pinned);
  return folder;
}
