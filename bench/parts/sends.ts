import { type BenchCluster, startBenchCluster } from '../bench-cluster.ts';
import { Contender, type ContenderPlan } from '../contenders/contender.ts';
import { ContenderName } from '../contenders/contender-name.ts';
import type { Load } from '../contenders/load.ts';
import { interleave, type Rounds, togetherOf } from '../measure/interleave.ts';
import { type Spread, spreadOf } from '../measure/spread.ts';
import type { BenchContext } from './bench-context.ts';

/** One contender under one load. */
export interface SendFigure {
  readonly contender: string;
  readonly window: number;
  readonly bodyBytes: number;
  readonly batch: number;
  readonly messagesPerSecond: Spread;
  /** Of the client's process. */
  readonly cpuUsPerMessage: Spread;
  /** Single sends, one in flight. */
  readonly p50Us?: Spread;
  readonly p99Us?: Spread;
  /** Most memory that its process held, start and warm-up included; where the system tells it. */
  readonly peakRssMb?: number;
  readonly failed: number;
  /** Rounds it did not do, because it had ended or hung. */
  readonly missedRounds: number;
  readonly repeatedRounds: number;
  readonly disturbedRounds: number;
}

/** A contender that could not be measured, and why. */
export interface MissingContender {
  readonly contender: string;
  readonly reason: string;
}

/** What a part of sends has measured. */
export interface SendFigures {
  readonly figures: readonly SendFigure[];
  readonly missing: readonly MissingContender[];
}

/** Before its first round each contender runs so much longer, for its compiler to have done its work. */
const FIRST_WARMUP_FACTOR = 2;
const WARMUP_SHARE = 0.15;
/**
 * Fresh clusters among which the rounds of batches are shared out: how clients compare there hangs on how a cluster's broker
 * happened to compile itself, by up to a fifth.
 */
const BATCH_CLUSTERS = 3;

/** Single sends: 1, 16, 64 and 256 in flight, bodies of 256 B and 1 KiB; in the short form 1 and 64 of 256 B. */
export async function measureSingleSends(context: BenchContext): Promise<SendFigures> {
  const sizes = context.isShort ? [256] : [256, 1024];
  const windows = context.windows ?? (context.isShort ? [1, 64] : [1, 16, 64, 256]);
  const loads = sizes.flatMap((bodyBytes) => windows.map((window) => ({ window, bodyBytes, batch: 1 })));
  return measureLoads(context, loads, context.contenders);
}

/** Batches of 32 and 100 messages of 256 B, eight in flight. */
export async function measureBatches(context: BenchContext, hasBatches: boolean): Promise<SendFigures> {
  const loads = [32, 100].map((batch) => ({ window: 8, bodyBytes: 256, batch }));
  const contenders = context.contenders.filter(
    (plan) => plan.hasBatches && (hasBatches || plan.name !== ContenderName.THIS),
  );
  const measured = await measureLoads(context, loads, contenders);
  if (hasBatches) return measured;
  const reason = 'not there yet: sendAll sends each message by itself';
  return { ...measured, missing: [...measured.missing, { contender: ContenderName.THIS, reason }] };
}

type Shape = Pick<Load, 'window' | 'bodyBytes' | 'batch'>;

async function measureLoads(
  context: BenchContext,
  shapes: readonly Shape[],
  plans: readonly ContenderPlan[],
): Promise<SendFigures> {
  const figures: SendFigure[] = [];
  const missing = new Map<string, MissingContender>();
  for (const shape of shapes) {
    const of = shape.batch === 1 ? 'single sends' : `batches of ${shape.batch}`;
    context.progress(`${of}, ${shape.window} in flight, ${shape.bodyBytes} B`);
    const measured = await measureLoad(context, shape, plans);
    figures.push(...measured.figures);
    for (const entry of measured.missing) {
      context.progress(`  ${entry.contender} could not be measured: ${entry.reason}`);
      missing.set(entry.contender, entry);
    }
  }
  return { figures, missing: [...missing.values()] };
}

async function measureLoad(context: BenchContext, shape: Shape, plans: readonly ContenderPlan[]): Promise<SendFigures> {
  const { rounds } = context;
  const clusters = shape.batch === 1 ? 1 : Math.min(rounds, BATCH_CLUSTERS);
  const roundsEach = Math.ceil(rounds / clusters);
  const missing: MissingContender[] = [];
  const parts: Rounds[][] = [];
  for (let number = 0; number < clusters; number++) {
    const part = await measureOnCluster({ ...context, rounds: roundsEach }, shape, plans);
    missing.push(...part.missing);
    parts.push(part.all);
  }
  const all = togetherOf(parts);
  const failed = all.flatMap(({ name, failure }) =>
    failure === undefined ? [] : [{ contender: name, reason: failure }],
  );
  const figures = all.flatMap((entry) => figureOf(entry, shape, clusters * roundsEach) ?? []);
  return { figures, missing: [...missing, ...failed] };
}

async function measureOnCluster(
  context: BenchContext,
  shape: Shape,
  plans: readonly ContenderPlan[],
): Promise<{ all: Rounds[]; missing: readonly MissingContender[] }> {
  const { isShort, isPatient, rounds, roundMs, progress } = context;
  const hasGrpc = plans.some(({ name }) => name === ContenderName.GRPC_NODE);
  await using cluster = await startBenchCluster({ isEmbedded: isShort, hasGrpc });
  await using stack = new AsyncDisposableStack();
  const load: Load = { ...shape, warmupMs: roundMs * WARMUP_SHARE, durationMs: roundMs };
  const warmup = { ...load, durationMs: roundMs * FIRST_WARMUP_FACTOR };
  const { started, missing } = await startAll(plans, cluster, warmup);
  for (const contender of started) stack.use(contender);
  const all = await interleave(started, load, {
    rounds,
    isStrict: isPatient,
    prepare: () => cluster.makeRoom(),
    onRound: (name, { messages, elapsedMs, failed }, repeats) => {
      const notes = `${failed > 0 ? `, ${failed} FAILED` : ''}${repeats > 0 ? ', repeated: the machine was disturbed' : ''}`;
      progress(`  ${name.padEnd(11)} ${Math.round((messages / elapsedMs) * 1000)}/s${notes}`);
    },
  });
  return { all, missing };
}

/** Starts the contenders and warms each up by itself, so that none warms up while another is measured. */
async function startAll(plans: readonly ContenderPlan[], cluster: BenchCluster, warmup: Load) {
  const started: Contender[] = [];
  const missing: MissingContender[] = [];
  for (const plan of plans) {
    let contender: Contender | undefined;
    await cluster.makeRoom();
    try {
      contender = await Contender.start(plan, cluster.target);
      await contender.run(warmup);
      started.push(contender);
    } catch (error) {
      await contender?.stop();
      missing.push({ contender: plan.name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { started, missing };
}

function figureOf(entry: Rounds, shape: Shape, wantedRounds: number): SendFigure | undefined {
  const { rounds } = entry;
  const messagesPerSecond = spreadOf(rounds.map(({ messages, elapsedMs }) => (messages / elapsedMs) * 1000));
  const cpuUsPerMessage = spreadOf(rounds.map(({ cpuUs, messages }) => cpuUs / Math.max(1, messages)));
  if (messagesPerSecond === undefined || cpuUsPerMessage === undefined) return undefined;
  const p50Us = spreadOf(rounds.flatMap((round) => round.p50Us ?? []));
  const p99Us = spreadOf(rounds.flatMap((round) => round.p99Us ?? []));
  return {
    contender: entry.name,
    ...shape,
    messagesPerSecond,
    cpuUsPerMessage,
    ...(p50Us === undefined ? {} : { p50Us }),
    ...(p99Us === undefined ? {} : { p99Us }),
    ...(entry.peakRssBytes === undefined ? {} : { peakRssMb: entry.peakRssBytes / 1e6 }),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
    missedRounds: wantedRounds - rounds.length,
    repeatedRounds: entry.repeated,
    disturbedRounds: entry.disturbed,
  };
}
