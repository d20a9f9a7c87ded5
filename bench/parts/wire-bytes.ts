import { type BenchCluster, startBenchCluster } from '../bench-cluster.ts';
import { Contender, type ContenderPlan } from '../contenders/contender.ts';
import { ContenderName } from '../contenders/contender-name.ts';
import type { Load } from '../contenders/load.ts';
import type { BenchContext } from './bench-context.ts';

/** Bytes of TCP payload for one message of 256 B with one tag and one key. */
export interface WireFigure {
  readonly contender: string;
  /** Messages of one send. */
  readonly batch: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

const SENDS = 200;
const LOAD = { window: 1, bodyBytes: 256, warmupMs: 0, durationMs: 0 };

/** Counts what each contender writes and reads for a message, connection set-up and heartbeats apart. */
export async function measureWireBytes(context: BenchContext, hasBatches: boolean): Promise<WireFigure[]> {
  context.progress('bytes on the wire');
  const isGrpc = ({ name }: ContenderPlan) => name === ContenderName.GRPC_NODE;
  const plans = context.contenders.filter(({ name }) => name !== ContenderName.JAVA_ASYNC);
  const [overGrpc, overRemoting] = [plans.filter(isGrpc), plans.filter((plan) => !isGrpc(plan))];
  return [
    ...(await bytesOfAll(overRemoting, context, hasBatches, false)),
    ...(overGrpc.length === 0 ? [] : await bytesOfAll(overGrpc, context, hasBatches, true)),
  ];
}

async function bytesOfAll(
  plans: readonly ContenderPlan[],
  { isShort, progress }: BenchContext,
  hasBatches: boolean,
  hasGrpc: boolean,
): Promise<WireFigure[]> {
  await using cluster = await startBenchCluster({ isEmbedded: isShort, hasGrpc, isFronted: !hasGrpc });
  const figures: WireFigure[] = [];
  for (const plan of plans) {
    const canBatch = plan.hasBatches && (hasBatches || plan.name !== ContenderName.THIS);
    try {
      for (const batch of canBatch ? [1, 32] : [1]) figures.push(await bytesOf(plan, batch, cluster));
    } catch (error) {
      progress(`  ${plan.name} could not be measured: ${error instanceof Error ? error.message : error}`);
    }
  }
  return figures;
}

async function bytesOf(plan: ContenderPlan, batch: number, cluster: BenchCluster): Promise<WireFigure> {
  await using contender = await Contender.start(plan, cluster.target);
  const load: Load = { ...LOAD, batch, sends: SENDS };
  // The first run connects, looks the route up and greets the broker.
  await contender.run({ ...load, sends: 10 });
  const before = received(cluster);
  const { messages, failed, sentBytes, receivedBytes } = await contender.run(load);
  const after = received(cluster);
  if (failed > 0) throw new Error(`${failed} of its ${SENDS} sends failed`);
  return {
    contender: plan.name,
    batch,
    sentBytes: (sentBytes ?? after.fromClients - before.fromClients) / messages,
    receivedBytes: (receivedBytes ?? after.fromTarget - before.fromTarget) / messages,
  };
}

function received({ fronts }: BenchCluster) {
  const sum = (of: (bytes: { fromClients: number; fromTarget: number }) => number) =>
    fronts.reduce((total, { receivedBytes }) => total + of(receivedBytes), 0);
  return { fromClients: sum(({ fromClients }) => fromClients), fromTarget: sum(({ fromTarget }) => fromTarget) };
}
