import type { LambdaHost } from '../../local/lambda/lambda-host.ts';
import { startBenchCluster } from '../bench-cluster.ts';
import { benchFunction, benchHost, functionEnvironment, succeeded, warmups } from '../lambda/bench-function.ts';
import { readMeasurement } from '../lambda/bench-log.ts';
import type { InvocationCost } from '../lambda/measured.ts';
import { sqsEvent } from '../lambda/sqs-event.ts';
import { shuffled } from '../measure/interleave.ts';
import { calmMachine } from '../measure/outside-load.ts';
import { peakRssBytes } from '../measure/process-tree.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import type { BenchContext } from './bench-context.ts';

/** Warm invocations with so many records: the SQS function, and the same sends by the bare client. */
export interface WarmFigure {
  readonly records: number;
  /** From the call of the handler to its answer. */
  readonly functionMs: Spread;
  readonly functionCpuUs: Spread;
  readonly bareMs: Spread;
  readonly bareCpuUs: Spread;
}

export interface WarmFigures {
  readonly figures: readonly WarmFigure[];
  /** Most memory that the function's process held, the invocation with the most records included; MB. Where the system tells it. */
  readonly peakRssMb?: number;
  readonly mostRecords: number;
}

/** Invocations of each size in a round: small ones take no time and scatter widely. */
const INVOCATIONS: readonly (readonly [records: number, perRound: number])[] = [
  [1, 20],
  [10, 20],
  [100, 10],
  [1000, 4],
  [10_000, 2],
];

/** Measures warm invocations under the runtime loop, frozen in between, with nothing due. */
export async function measureWarmInvocations(context: BenchContext): Promise<WarmFigures> {
  const { isShort, isPatient, rounds, progress } = context;
  progress('warm invocations');
  await using cluster = await startBenchCluster({ isEmbedded: isShort, isWarm: !isShort });
  const environment = functionEnvironment(cluster.target);
  await using sqs = benchHost(benchFunction('measured-sqs'), environment);
  await using bare = benchHost(benchFunction('bare-client'), environment);
  for (let index = 0; index < warmups(isShort); index++) for (const host of [sqs, bare]) await invoke(host, 10);
  if (isPatient) await calmMachine();
  const figures: WarmFigure[] = [];
  for (const [records, perRound] of INVOCATIONS) {
    const costs = { sqs: [] as InvocationCost[], bare: [] as InvocationCost[] };
    // One that is not counted: larger arrays and buffers are made anew.
    for (const host of [sqs, bare]) await invoke(host, records);
    for (let index = 0; index < (isShort ? 2 : perRound * rounds); index++) {
      for (const [host, into] of shuffled([[sqs, costs.sqs] as const, [bare, costs.bare] as const])) {
        into.push(await invoke(host, records));
      }
    }
    const figure = figureOf(records, costs.sqs, costs.bare);
    figures.push(figure);
    progress(
      `  ${String(records).padStart(6)} records ${figure.functionMs.median.toFixed(2)} ms, bare client ${figure.bareMs.median.toFixed(2)} ms`,
    );
  }
  const mostRecords = Math.max(...figures.map(({ records }) => records));
  const peak = sqs.pid === undefined ? undefined : peakRssBytes(sqs.pid);
  return { figures, mostRecords, ...(peak === undefined ? {} : { peakRssMb: peak / 1e6 }) };
}

async function invoke(host: LambdaHost, records: number): Promise<InvocationCost> {
  return readMeasurement<InvocationCost>(succeeded(await host.invoke(sqsEvent(records))).log);
}

function figureOf(records: number, sqs: readonly InvocationCost[], bare: readonly InvocationCost[]): WarmFigure {
  const spread = (costs: readonly InvocationCost[], of: (cost: InvocationCost) => number): Spread => {
    const found = spreadOf(costs.map(of));
    if (found === undefined) throw new Error(`no invocation with ${records} records was measured`);
    return found;
  };
  return {
    records,
    functionMs: spread(sqs, ({ elapsedMs }) => elapsedMs),
    functionCpuUs: spread(sqs, ({ cpuUs }) => cpuUs),
    bareMs: spread(bare, ({ elapsedMs }) => elapsedMs),
    bareCpuUs: spread(bare, ({ cpuUs }) => cpuUs),
  };
}
