import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFunction } from '../../infra/bundling.ts';
import { startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { createTlsCertificates } from '../../local/tls-certificates.ts';
import { startBenchCluster } from '../bench-cluster.ts';
import type { Target } from '../contenders/load.ts';
import { benchFunction, benchHost, functionEnvironment, ssmParameters, succeeded } from '../lambda/bench-function.ts';
import { readMeasurement } from '../lambda/bench-log.ts';
import type { ColdMarks, ConnectionMarks } from '../lambda/cold-phases.ts';
import { sqsEvent } from '../lambda/sqs-event.ts';
import { shuffled } from '../measure/interleave.ts';
import { calmMachine } from '../measure/outside-load.ts';
import { runProgram } from '../measure/process-run.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import { BENCH_CACHE } from '../peers.ts';
import type { BenchContext } from './bench-context.ts';

/** Names of the cold starts that are compared. */
export const ColdStartName = {
  EMPTY: 'empty handler',
  SEED: 'sqs, seed address',
  SSM: 'sqs, address from SSM',
  SSM_OVER_TLS: 'sqs, address from SSM over TLS',
} as const;

/** Cold start of a function: start of its process to the answer of its first event, of ten records. */
export interface FunctionColdFigure {
  readonly name: string;
  readonly elapsedMs: Spread;
  /** Parts of it, in order, in ms; measured in runs of their own, with marks. */
  readonly phases?: readonly { readonly phase: string; readonly ms: Spread }[];
}

/** What the function cold starts are told with. */
export interface FunctionColdFigures {
  readonly bareNodeMs: Spread | undefined;
  readonly figures: readonly FunctionColdFigure[];
  /** Import of the SSM client by itself, from a bundle. */
  readonly ssmImportMs: Spread | undefined;
}

const RUNS_PER_ROUND = 3;
const RECORDS = 10;

/** Measures cold starts of the SQS function under AWS's runtime loop, beside the same loop with an empty handler. */
export async function measureFunctionColdStart(context: BenchContext): Promise<FunctionColdFigures> {
  const { isShort, isPatient, rounds, progress } = context;
  progress('cold start of the SQS function');
  await using cluster = await startBenchCluster({ isEmbedded: isShort, isWarm: !isShort });
  const parameters = ssmParameters(cluster.target);
  await using ssm = await startSsmEndpoint({ parameters });
  const { ca, server } = await createTlsCertificates();
  await using ssmOverTls = await startSsmEndpoint({ parameters, tls: server });
  const authority = join(BENCH_CACHE, 'ssm-authority.pem');
  const sqs = join(BENCH_CACHE, 'lambda', 'sqs');
  bundleFunction('sqs', sqs);
  await writeFile(authority, ca);
  const [empty, phases] = [benchFunction('empty'), benchFunction('cold-phases')];
  const seed = functionEnvironment(cluster.target);
  const lookup = functionEnvironment(cluster.target, ssm.url);
  const lookupOverTls = {
    ...functionEnvironment(cluster.target, ssmOverTls.url),
    NODE_EXTRA_CA_CERTS: authority,
  };
  const importSsm = join(benchFunction('import-ssm'), 'index.mjs');

  const totals = new Map<string, number[]>();
  const phasesOf = new Map<string, ColdPhase[][]>();
  const add = <T>(map: Map<string, T[]>, name: string, value: T) => map.set(name, [...(map.get(name) ?? []), value]);
  const total = (name: string, taskRoot: string, environment: Record<string, string>) => async () => {
    add(totals, name, (await coldStart(taskRoot, environment)).elapsedMs);
  };
  const split = (name: string, environment: Record<string, string>) => async () => {
    const { beganAt, log } = await coldStart(phases, environment);
    add(phasesOf, name, phasesFrom(beganAt, readMeasurement<ColdMarks>(log), cluster.target, ssm.url));
  };
  const node =
    (name: string, args: readonly string[], of: (run: { elapsedMs: number; stdout: string }) => number) => async () => {
      add(totals, name, of(await runProgram({ command: process.execPath, args })));
    };
  const work = [
    node('bare', ['-e', '0'], ({ elapsedMs }) => elapsedMs),
    node('import', [importSsm], ({ stdout }) => JSON.parse(stdout).importMs),
    total(ColdStartName.EMPTY, empty, seed),
    total(ColdStartName.SEED, sqs, seed),
    total(ColdStartName.SSM, sqs, lookup),
    total(ColdStartName.SSM_OVER_TLS, sqs, lookupOverTls),
    split(ColdStartName.SEED, seed),
    split(ColdStartName.SSM, lookup),
  ];
  // Once each, so that all files are in the page cache.
  for (const run of work) await run();
  totals.clear();
  phasesOf.clear();
  if (isPatient) await calmMachine();
  for (let round = 0; round < rounds * RUNS_PER_ROUND; round++) for (const run of shuffled(work)) await run();

  const figures = Object.values(ColdStartName).flatMap((name) => {
    const elapsedMs = spreadOf(totals.get(name) ?? []);
    if (elapsedMs === undefined) return [];
    progress(`  ${name.padEnd(24)} ${elapsedMs.median.toFixed(1)} ms`);
    const parts = phasesOf.get(name);
    return [{ name, elapsedMs, ...(parts === undefined ? {} : { phases: mergedPhases(parts) }) }];
  });
  return {
    bareNodeMs: spreadOf(totals.get('bare') ?? []),
    figures,
    ssmImportMs: spreadOf(totals.get('import') ?? []),
  };
}

async function coldStart(taskRoot: string, environment: Record<string, string>) {
  await using host = benchHost(taskRoot, environment);
  const event = sqsEvent(RECORDS);
  const beganAt = performance.timeOrigin + performance.now();
  const { initMs = 0, durationMs, log } = succeeded(await host.invoke(event));
  return { beganAt, elapsedMs: initMs + durationMs, log };
}

interface ColdPhase {
  readonly phase: string;
  readonly ms: number;
}

/** The stretches between the marks, which add up to the time from the start to the answer. */
function phasesFrom(beganAt: number, marks: ColdMarks, target: Target, ssmUrl: string): ColdPhase[] {
  const [nameServer, broker] = [connectionTo(target.nameServerAddrs[0], marks), connectionTo(target.brokerAddr, marks)];
  const ssm = marks.connections.find(({ port }) => port === portOf(ssmUrl));
  if (nameServer === undefined || broker === undefined) throw new Error('the function did not connect to the cluster');
  const instants: [string, number | undefined][] = [
    ['start of node and runtime loop', marks.evaluatedAt],
    ['import', marks.importedAt],
    ['runtime asks for the event', marks.invokedAt],
    ['import and set-up of the SSM client', ssm?.beganAt],
    ['answer of SSM', ssm?.firstAnswerAt],
    ['client is ready to connect', nameServer.beganAt],
    ['connect to name server', nameServer.connectedAt],
    ['route', nameServer.firstAnswerAt],
    ['connect to broker', broker.connectedAt],
    ['first answer of broker', broker.firstAnswerAt],
    ['rest of sends and answer', marks.answeredAt],
  ];
  let from = beganAt;
  return instants.flatMap(([phase, at]) => {
    if (at === undefined) return [];
    const ms = at - from;
    if (ms < 0) throw new Error(`the mark at the end of "${phase}" comes ${-ms} ms before the one at its beginning`);
    from = at;
    return [{ phase, ms }];
  });
}

function connectionTo(addr: string | undefined, { connections }: ColdMarks): ConnectionMarks | undefined {
  return addr === undefined ? undefined : connections.find(({ port }) => port === portOf(addr));
}

function portOf(addr: string): number {
  return Number(addr.slice(addr.lastIndexOf(':') + 1));
}

function mergedPhases(runs: readonly ColdPhase[][]): { phase: string; ms: Spread }[] {
  return (runs[0] ?? []).flatMap(({ phase }, index) => {
    const ms = spreadOf(runs.flatMap((run) => run[index]?.ms ?? []));
    return ms === undefined ? [] : [{ phase, ms }];
  });
}
