import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleFunction, bundleHandler, functionSources } from '../../infra/bundling.ts';
import { shuffled } from '../measure/interleave.ts';
import { calmMachine } from '../measure/outside-load.ts';
import { runProgram } from '../measure/process-run.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import { BENCH_CACHE } from '../peers.ts';
import type { BenchContext } from './bench-context.ts';
import { startSampleColdStarts } from './sample-cold-start.ts';

/** Size, import time and cold start of one bundle. */
export interface BundleFigure {
  readonly name: string;
  /** Minified, read at every cold start. */
  readonly eagerBytes: number;
  /** Read on demand. */
  readonly lazyBytes: number;
  /** Import of the module in a process of its own; not told of the client script, which does its work when it is imported. */
  readonly importMs?: Spread;
  /** Start of the function's process under the runtime loop until the answer of its first event; of functions. */
  readonly coldMs?: Spread;
}

/** Name of the bundle of the bare client: a script of ten lines that sends a message. */
export const CLIENT_ONLY = 'client only';

const RUNS_PER_ROUND = 3;

/** Bundles every function as it is deployed, and measures what importing and starting it takes. */
export async function measureBundles({ isPatient, rounds, progress }: BenchContext): Promise<BundleFigure[]> {
  progress('bundles');
  const script = fileURLToPath(new URL('../cold/this-client.ts', import.meta.url));
  const client = bundleHandler(script, join(BENCH_CACHE, 'cold', 'this-client'), { sourceMaps: false });
  const bundles = functionSources().map((source) => {
    const outDir = join(BENCH_CACHE, 'bundles', source);
    return { name: source, outDir, ...bundleFunction(source, outDir), imports: [] as number[], colds: [] as number[] };
  });
  await using coldStarts = await startSampleColdStarts();
  if (isPatient) await calmMachine();
  for (let round = 0; round <= rounds * RUNS_PER_ROUND; round++) {
    for (const { name, outDir, entryFile, imports, colds } of shuffled(bundles)) {
      const importMs = await importTime(entryFile);
      const coldMs = await coldStarts.measure(name, outDir);
      // The first round only brings the files into the page cache.
      if (round === 0) continue;
      imports.push(importMs);
      colds.push(coldMs);
    }
  }
  const figures = bundles.map(({ name, eagerBytes, lazyBytes, imports, colds }) => {
    const [importMs, coldMs] = [spreadOf(imports), spreadOf(colds)];
    const times = { ...(importMs === undefined ? {} : { importMs }), ...(coldMs === undefined ? {} : { coldMs }) };
    return { name, eagerBytes, lazyBytes, ...times };
  });
  return [{ name: CLIENT_ONLY, eagerBytes: client.eagerBytes, lazyBytes: client.lazyBytes }, ...figures];
}

async function importTime(file: string): Promise<number> {
  const url = JSON.stringify(pathToFileURL(file).href);
  const code = `const at = performance.now(); await import(${url}); console.log(performance.now() - at); process.exit(0)`;
  // What module scopes of functions read.
  const env = { ROCKETMQ_TOPIC: 'bench', ROCKETMQ_PRODUCER_GROUP: 'bench', ROCKETMQ_NAME_SERVERS: '127.0.0.1:9876' };
  const { stdout } = await runProgram({ command: process.execPath, args: ['--input-type=module', '-e', code], env });
  return Number(stdout);
}
