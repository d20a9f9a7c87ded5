import type { Fault } from '../../local/faults/fault.ts';
import { startBenchCluster } from '../bench-cluster.ts';
import { benchFunction, benchHost, functionEnvironment, succeeded } from '../lambda/bench-function.ts';
import { readMeasurement } from '../lambda/bench-log.ts';
import type { InvocationCost } from '../lambda/measured.ts';
import { sqsEvent } from '../lambda/sqs-event.ts';
import { shuffled } from '../measure/interleave.ts';
import { calmMachine } from '../measure/outside-load.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import type { BenchContext } from './bench-context.ts';

/** First invocation after a thaw, of ten records, by what happened to the connections while the function stood still. */
export interface ThawFigure {
  readonly name: string;
  readonly elapsedMs: Spread;
}

const FAULTS: readonly { readonly name: string; readonly fault: Fault }[] = [
  { name: 'connections alive', fault: { kind: 'pass' } },
  { name: 'closed (FIN)', fault: { kind: 'close', by: 'fin' } },
  { name: 'reset (RST)', fault: { kind: 'close', by: 'reset' } },
  { name: 'dead unseen', fault: { kind: 'forget' } },
];
const PER_ROUND = 6;
const RECORDS = 10;
const WARMUPS = 20;

/** Measures what dead connections cost the first invocation after a thaw. All of it goes through TCP proxies. */
export async function measureThaw({ isShort, isPatient, rounds, progress }: BenchContext): Promise<ThawFigure[]> {
  progress('thaw with dead connections');
  await using cluster = await startBenchCluster({ isEmbedded: isShort, isWarm: !isShort, isFronted: true });
  await using host = benchHost(benchFunction('measured-sqs'), functionEnvironment(cluster.target));
  const invoke = async () => readMeasurement<InvocationCost>(succeeded(await host.invoke(sqsEvent(RECORDS))).log);
  for (let index = 0; index < WARMUPS; index++) await invoke();
  if (isPatient) await calmMachine();
  const elapsed = new Map(FAULTS.map(({ name }) => [name, [] as number[]]));
  for (let index = 0; index < (isShort ? 1 : PER_ROUND * rounds); index++) {
    for (const { name, fault } of shuffled(FAULTS)) {
      for (const front of cluster.fronts) front.apply(fault, 'present');
      elapsed.get(name)?.push((await invoke()).elapsedMs);
    }
  }
  return [...elapsed].flatMap(([name, values]) => {
    const elapsedMs = spreadOf(values);
    return elapsedMs === undefined ? [] : [{ name, elapsedMs }];
  });
}
