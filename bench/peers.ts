import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Everything the bench builds or installs; git ignores it. */
export const BENCH_CACHE = fileURLToPath(new URL('../.cache/bench/', import.meta.url));

/** Node clients to compare with, and what to install of each. 3.12.x, because not every registry has every patch release. */
const PEERS = { 'ali-ons': '~3.12.0', 'rocketmq-client-nodejs': '1.0.8' } as const;

export type PeerName = keyof typeof PEERS;

/** Peers at hand: the folder for `NODE_PATH`, and the version of each. */
export interface Peers {
  readonly nodePath: string;
  readonly versions: Readonly<Partial<Record<PeerName, string>>>;
  /** Why some are missing. */
  readonly failure: string | undefined;
}

/** Installs the Node peers where they are not yet, by npm, in a folder of their own: they are no dependencies of the project. */
export async function installPeers(): Promise<Peers> {
  const nodePath = join(BENCH_CACHE, 'node_modules');
  mkdirSync(BENCH_CACHE, { recursive: true });
  let failure: string | undefined;
  if (Object.keys(PEERS).some((name) => versionOf(nodePath, name) === undefined)) {
    writeFileSync(join(BENCH_CACHE, 'package.json'), '{ "name": "bench-peers", "private": true }\n');
    const packages = Object.entries(PEERS).map(([name, range]) => `${name}@${range}`);
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...packages];
    try {
      await promisify(execFile)('npm', args, { cwd: BENCH_CACHE });
    } catch (error) {
      failure = `the Node peers could not be installed: ${error instanceof Error ? error.message : error}`;
    }
  }
  const versions = Object.keys(PEERS).map((name) => [name, versionOf(nodePath, name)] as const);
  return { nodePath, versions: Object.fromEntries(versions.filter(([, version]) => version !== undefined)), failure };
}

function versionOf(nodePath: string, name: string): string | undefined {
  const file = join(nodePath, name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}
