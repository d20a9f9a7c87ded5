import { startBenchCluster } from '../bench-cluster.ts';
import { benchFunction, benchHost, functionEnvironment, succeeded, warmups } from '../lambda/bench-function.ts';
import { readMeasurement } from '../lambda/bench-log.ts';
import type { InvocationCost } from '../lambda/measured.ts';
import { sqsEvent } from '../lambda/sqs-event.ts';
import { shuffled } from '../measure/interleave.ts';
import { calmMachine } from '../measure/outside-load.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import { CLOCK_JUMP_MS } from '../warm-cluster.ts';
import type { BenchContext } from './bench-context.ts';

/** Warm invocations of ten records in one sandbox, with all due work to be done and with none. */
export interface DueWorkFigure {
  readonly nothingDueMs: Spread | undefined;
  readonly everythingDueMs: Spread | undefined;
  readonly nothingDueCpuUs: Spread | undefined;
  readonly everythingDueCpuUs: Spread | undefined;
}

/** Tasks that the jump must make run, as the function logs them. */
const TASKS = ['updateTopicRouteInfoFromNameServer', 'cleanOfflineBroker', 'sendHeartbeatToAllBrokerWithLock'];
const PER_ROUND = 30;
const RECORDS = 10;

/** Measures what due work adds to an invocation: the function's clock jumps ahead, so that routes and heartbeats are due. */
export async function measureDueWork({ isShort, isPatient, rounds, progress }: BenchContext): Promise<DueWorkFigure> {
  progress('due work');
  await using cluster = await startBenchCluster({ isEmbedded: isShort, isWarm: !isShort });
  const [taskRoot, environment] = [benchFunction('measured-sqs'), functionEnvironment(cluster.target)];
  await checkThatAllIsDue(taskRoot, environment);
  await using host = benchHost(taskRoot, environment);
  const invoke = async (clockAheadMs: number) => {
    const result = succeeded(await host.invoke({ ...sqsEvent(RECORDS), clockAheadMs }));
    return readMeasurement<InvocationCost>(result.log);
  };
  for (let index = 0; index < warmups(isShort); index++) await invoke(index % 2 === 0 ? 0 : CLOCK_JUMP_MS);
  if (isPatient) await calmMachine();
  const [nothing, everything]: [InvocationCost[], InvocationCost[]] = [[], []];
  for (let index = 0; index < (isShort ? 3 : PER_ROUND * rounds); index++) {
    for (const isDue of shuffled([false, true])) {
      if (isDue) everything.push(await invoke(CLOCK_JUMP_MS));
      else nothing.push(await invoke(0));
    }
  }
  return {
    nothingDueMs: spreadOf(nothing.map(({ elapsedMs }) => elapsedMs)),
    everythingDueMs: spreadOf(everything.map(({ elapsedMs }) => elapsedMs)),
    nothingDueCpuUs: spreadOf(nothing.map(({ cpuUs }) => cpuUs)),
    everythingDueCpuUs: spreadOf(everything.map(({ cpuUs }) => cpuUs)),
  };
}

/** @throws Error when the jump of the clock does not do what the figure is about. */
async function checkThatAllIsDue(taskRoot: string, environment: Record<string, string>): Promise<void> {
  await using host = benchHost(taskRoot, { ...environment, POWERTOOLS_LOG_LEVEL: 'DEBUG' });
  succeeded(await host.invoke(sqsEvent(1)));
  const { log } = succeeded(await host.invoke({ ...sqsEvent(1), clockAheadMs: CLOCK_JUMP_MS }));
  const missing = TASKS.filter((task) => !log.some((line) => line.includes(task)));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} did not run:\n${log.join('\n')}`);
}
