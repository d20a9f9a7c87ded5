import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { javaCommand } from '../../local/real/java-command.ts';
import type { Peers } from '../peers.ts';

/** Where and with what a run was made. */
export interface Machine {
  /** ISO date and time of the beginning. */
  readonly startedAt: string;
  /** Commit of the working tree; ends in `+` when it has changes. */
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** By name: node, java, rocketmq, and each peer that took part. */
  readonly versions: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Looks at the machine, its versions and the working tree. */
export function describeMachine(peers: Peers | undefined): Machine {
  return {
    startedAt: new Date().toISOString(),
    commit: commitOf(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    versions: {
      'rocketmq-lambda': JSON.parse(readFileSync(`${root}/package.json`, 'utf8')).version,
      node: process.versions.node,
      ...(peers === undefined
        ? {}
        : { 'RocketMQ, its proxy and Java client': '5.5.0', java: javaVersion(), ...peers.versions }),
    },
  };
}

function commitOf(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    // The files with results themselves do not count: they are written by runs.
    const changes = git('status', '--porcelain', '--', '.', ':!bench/RESULTS.md', ':!docs/bundles.md');
    return `${git('rev-parse', '--short=12', 'HEAD')}${changes === '' ? '' : '+'}`;
  } catch {
    // Not a working tree of git, such as an unpacked archive.
    return 'unknown';
  }
}

function javaVersion(): string {
  // It tells its version on stderr.
  const { stderr } = spawnSync(javaCommand(), ['-version'], { encoding: 'utf8' });
  return /version "([^"]+)"/.exec(stderr ?? '')?.[1] ?? 'unknown';
}
