import type { TestContext } from 'vitest';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { ENDS_RECORDED_ONE_BY_ONE } from '../../local/real/rocketmq-version.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { askProducerIds, type contractKinds } from './clusters.ts';

const TIME_OUT_MS = 3_000;
const CHECK_INTERVAL_MS = 5_000;

/** A cluster that checks half messages often. */
export interface CheckingCluster extends AsyncDisposable {
  readonly nameServerAddrs: readonly string[];
  readonly brokerAddr: string;
  /** Client ids registered for a producer group. */
  producerIds(group: string): Promise<string[]>;
}

/** What a cluster is to do otherwise. */
export interface CheckingOptions {
  /** How often it asks for a half message. Default 15, as with brokers. */
  readonly checkMax?: number;
  /** How ends of transactions are recorded. Default one by one; `asDefault` is what brokers do by default. */
  readonly endsRecorded?: 'oneByOne' | 'asDefault';
}

/** Starts a cluster that asks for half messages older than 3 s, every 5 s. Skips the test where a real one cannot run. */
export async function startChecking(
  kind: (typeof contractKinds)[number],
  context: TestContext,
  { checkMax = 15, endsRecorded = 'oneByOne' }: CheckingOptions = {},
): Promise<CheckingCluster> {
  if (kind === 'embedded') {
    const cluster = await startEmbeddedCluster({
      transactionTimeOutMs: TIME_OUT_MS,
      transactionCheckIntervalMs: CHECK_INTERVAL_MS,
      transactionCheckMax: checkMax,
    });
    const { nameServerAddrs, brokerAddrs } = cluster;
    return {
      nameServerAddrs,
      brokerAddr: brokerAddrs[0] ?? '',
      producerIds: async (group) =>
        cluster
          .broker()
          .producers.clients(group)
          .map(({ clientId }) => clientId),
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
  }
  await needsRealRocketMQ(context);
  const brokerConfig = {
    ...(endsRecorded === 'oneByOne' && ENDS_RECORDED_ONE_BY_ONE),
    transactionTimeOut: String(TIME_OUT_MS),
    transactionCheckInterval: String(CHECK_INTERVAL_MS),
    transactionCheckMax: String(checkMax),
  };
  const cluster = await startRealCluster({ version: kind, brokerConfig });
  const { nameServerAddrs, brokers } = cluster;
  const brokerAddr = brokers[0]?.addr ?? '';
  return {
    nameServerAddrs,
    brokerAddr,
    producerIds: (group) => askProducerIds(brokerAddr, group),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
