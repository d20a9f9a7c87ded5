import type { BenchOptions, BenchPart } from './bench-options.ts';
import { contenderPlans } from './contenders/contender-plans.ts';
import { hasBatchSends } from './parts/batch-support.ts';
import type { BenchContext } from './parts/bench-context.ts';
import { measureBundles } from './parts/bundles.ts';
import { measureClientColdStart } from './parts/client-cold-start.ts';
import { measureDueWork } from './parts/due-work-cost.ts';
import { measureFunctionColdStart } from './parts/function-cold-start.ts';
import { measureBatches, measureSingleSends } from './parts/sends.ts';
import { measureThaw } from './parts/thaw.ts';
import { measureWarmInvocations } from './parts/warm-invocations.ts';
import { measureWireBytes } from './parts/wire-bytes.ts';
import { installPeers } from './peers.ts';
import { judge } from './report/bars.ts';
import type { BenchResults, JudgedResults, PartFailure } from './report/bench-results.ts';
import { describeMachine } from './report/machine.ts';

type Figures = Omit<BenchResults, 'machine' | 'settings'>;

/** Parts that compare clients with each other. */
const PARTS_WITH_PEERS: readonly BenchPart[] = ['sends', 'batches', 'wire', 'client-cold'];

/** Runs the parts that were asked for, one after the other, and holds what they measured against the bars. */
export async function runBench(options: BenchOptions, progress: (line: string) => void): Promise<JudgedResults> {
  const { isShort, isPatient, rounds, seconds, parts, windows, clients } = options;
  const isComparing = parts.some((part) => PARTS_WITH_PEERS.includes(part));
  const peers = isShort || !isComparing ? undefined : await installPeers();
  if (peers?.failure !== undefined) progress(peers.failure);
  const machine = describeMachine(peers);
  const plans = isComparing ? await contenderPlans(peers) : [];
  const contenders = plans.filter(({ name }) => clients === undefined || clients.includes(name));
  const limits = { rounds, roundMs: seconds * 1000, windows };
  const context: BenchContext = { isShort, isPatient, ...limits, peers, contenders, progress };
  const run: Readonly<Record<BenchPart, () => Promise<Figures>>> = {
    sends: async () => ({ sends: await measureSingleSends(context) }),
    batches: async () => ({ batches: await measureBatches(context, await hasBatchSends()) }),
    wire: async () => ({ wire: await measureWireBytes(context, await hasBatchSends()) }),
    'client-cold': async () => ({ clientCold: await measureClientColdStart(context) }),
    bundles: async () => ({ bundles: await measureBundles(context) }),
    'function-cold': async () => ({ functionCold: await measureFunctionColdStart(context) }),
    warm: async () => ({ warm: await measureWarmInvocations(context) }),
    due: async () => ({ due: await measureDueWork(context) }),
    thaw: async () => ({ thaw: await measureThaw(context) }),
  };
  let figures: Figures = {};
  const failures: PartFailure[] = [];
  for (const part of parts) {
    try {
      figures = { ...figures, ...(await run[part]()) };
    } catch (error) {
      // What the other parts have measured or will measure must not be lost for it.
      progress(`${part} failed: ${error instanceof Error ? error.stack : error}`);
      failures.push({ part, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const cluster = isShort ? 'embedded' : 'RocketMQ 5.5.0';
  const results: BenchResults = { machine, settings: { cluster, rounds, seconds, isShort, isPatient }, ...figures };
  return { ...results, bars: judge(results), failures };
}
