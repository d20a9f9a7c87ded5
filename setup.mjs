// Makes a fresh checkout ready: installs what package-lock.json pins (Node 24 among it) when node_modules does not
// match it. Plain JavaScript for Node 20, because nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const installedLock = `${root}node_modules/.package-lock.json`;

/** npm leaves a lock file of its own in node_modules: what it lists must be what package-lock.json lists. */
function isInstalled() {
  if (!existsSync(installedLock) || !existsSync(`${root}node_modules/node/bin/node`)) return false;
  if (statSync(installedLock).mtimeMs < statSync(`${root}package-lock.json`).mtimeMs) {
    const wanted = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')).packages;
    const present = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, { version, optional }]) => path === '' || optional || present[path]?.version === version,
    );
  }
  return true;
}

if (!isInstalled()) {
  console.error('Installing the dependencies (once) …');
  // On Ctrl-C npm takes back what it has begun. Whoever waits for it must not come back to the prompt before, for another
  // start would meet the rest.
  process.on('SIGINT', () => undefined);
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { status } = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}
