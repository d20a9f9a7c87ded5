import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { bundleHandler } from '../../infra/bundling.ts';
import { JVM_QUICK_START } from '../../local/real/jvm-options.ts';
import { startBenchCluster } from '../bench-cluster.ts';
import { ContenderName } from '../contenders/contender-name.ts';
import { javaProgram } from '../contenders/java-classes.ts';
import { shuffled } from '../measure/interleave.ts';
import { calmMachine } from '../measure/outside-load.ts';
import { type Program, runProgram } from '../measure/process-run.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import { BENCH_CACHE, type Peers } from '../peers.ts';
import type { BenchContext } from './bench-context.ts';

/** Start of a process that sends one message and ends. */
export interface ClientColdFigure {
  readonly name: string;
  /** Start of the process to its end, which comes with the confirmation of its first message. */
  readonly elapsedMs: Spread;
  /** From Node's own start until everything was imported; not told by Java. */
  readonly importedMs?: Spread;
  /** Of the bundle, where there is one. */
  readonly bundleBytes?: number;
}

interface ColdClient extends Program {
  readonly name: string;
  readonly bundleBytes?: number;
}

/** Runs for each round of the other parts: a start takes milliseconds and scatters widely. */
const RUNS_PER_ROUND = 3;

/** Name of the process that does nothing: what Node itself needs. */
export const BARE_NODE = 'bare node -e 0';

/** Measures how long each client needs from the start of its process to its first confirmed message. */
export async function measureClientColdStart(context: BenchContext): Promise<ClientColdFigure[]> {
  const { isShort, isPatient, rounds, peers, progress } = context;
  progress('cold start of the clients');
  const hasGrpc = peers?.versions['rocketmq-client-nodejs'] !== undefined;
  await using cluster = await startBenchCluster({ isEmbedded: isShort, isWarm: !isShort, hasGrpc });
  const clients = await coldClients(peers);
  const env = { BENCH_TARGET: JSON.stringify(cluster.target) };
  const runs = new Map(clients.map(({ name }) => [name, [] as { elapsedMs: number; importedMs?: number }[]]));
  const run = async (client: ColdClient, isCounted: boolean) => {
    const { elapsedMs, stdout } = await runProgram({ ...client, env: { ...client.env, ...env } });
    const marks: { importedMs?: number } = stdout === '' ? {} : JSON.parse(stdout);
    if (isCounted) runs.get(client.name)?.push({ ...marks, elapsedMs });
  };
  // A client that fails is told and left out from then on.
  const able = new Set(clients);
  const tryRun = async (client: ColdClient, isCounted: boolean) => {
    try {
      await run(client, isCounted);
    } catch (error) {
      able.delete(client);
      progress(`  ${client.name} could not be measured: ${error instanceof Error ? error.message : error}`);
    }
  };
  // Once each, so that all files are in the page cache.
  for (const client of clients) await tryRun(client, false);
  if (isPatient) await calmMachine();
  for (let round = 0; round < rounds * RUNS_PER_ROUND; round++) {
    for (const client of shuffled([...able])) await tryRun(client, true);
  }
  return [...able].flatMap(({ name, bundleBytes }) => {
    const all = runs.get(name) ?? [];
    const elapsedMs = spreadOf(all.map((entry) => entry.elapsedMs));
    const importedMs = spreadOf(all.flatMap((entry) => entry.importedMs ?? []));
    if (elapsedMs === undefined) return [];
    progress(`  ${name.padEnd(24)} ${elapsedMs.median.toFixed(1)} ms`);
    return [
      {
        name,
        elapsedMs,
        ...(importedMs === undefined ? {} : { importedMs }),
        ...(bundleBytes === undefined ? {} : { bundleBytes }),
      },
    ];
  });
}

async function coldClients(peers: Peers | undefined): Promise<ColdClient[]> {
  const clients: ColdClient[] = [
    { name: BARE_NODE, command: process.execPath, args: ['-e', '0'] },
    ownClient('blaster'),
    ownClient('this-client', ContenderName.THIS),
  ];
  if (peers === undefined) return clients;
  const source = new URL('../cold/JavaColdStart.java', import.meta.url);
  return [
    ...clients,
    ...(peers.versions['ali-ons'] === undefined ? [] : [peerClient('ali-ons', peers)]),
    ...(peers.versions['rocketmq-client-nodejs'] === undefined ? [] : [peerClient('grpc-node', peers)]),
    { name: 'java', ...(await javaProgram(source, 'JavaColdStart')) },
    { name: 'java, C1 and serial GC', ...(await javaProgram(source, 'JavaColdStart', JVM_QUICK_START)) },
  ];
}

/** Bundled as a function is. */
function ownClient(script: string, name = script): ColdClient {
  const { entryFile, eagerBytes } = bundleHandler(scriptPath(script), join(BENCH_CACHE, 'cold', script), {
    sourceMaps: false,
  });
  return { name, command: process.execPath, args: [entryFile], bundleBytes: eagerBytes };
}

/** Bundled as its users would: minified CommonJS, a native module left outside. */
function peerClient(script: string, { nodePath }: Peers): ColdClient {
  const folder = join(BENCH_CACHE, 'cold', script);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'index.cjs');
  const { metafile } = buildSync({
    entryPoints: [scriptPath(script)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    nodePaths: [nodePath],
    external: ['@node-rs/crc32'],
    metafile: true,
    logLevel: 'error',
  });
  const bundleBytes = Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
  return { name: script, command: process.execPath, args: [outfile], env: { NODE_PATH: nodePath }, bundleBytes };
}

function scriptPath(script: string): string {
  return fileURLToPath(new URL(`../cold/${script}.ts`, import.meta.url));
}
