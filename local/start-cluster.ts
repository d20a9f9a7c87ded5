import type { ClusterHandle } from './cluster-handle.ts';
import { startEmbeddedCluster } from './embedded/embedded-cluster.ts';
import { startRealCluster } from './real/start-real-cluster.ts';

/** How a cluster of either kind may be laid out. */
export interface ClusterLayout {
  /** Brokers, all of them masters, named broker-a, broker-b and so on. Default 1. */
  readonly masters?: number;
  /** Default 1. */
  readonly nameServers?: number;
}

/**
 * Starts a cluster of a kind: embedded in this process, or a real RocketMQ of that release in Java processes. Topics are not
 * created by sending in either.
 */
export async function startCluster(kind: ClusterHandle['kind'], layout: ClusterLayout = {}): Promise<ClusterHandle> {
  const { masters = 1, nameServers = 1 } = layout;
  if (kind === 'embedded') {
    const brokers = Array.from({ length: masters }, (_, index) => ({
      name: `broker-${String.fromCharCode(97 + index)}`,
    }));
    return startEmbeddedCluster({ brokers, nameServers });
  }
  const cluster = await startRealCluster({ version: kind, masters, nameServers });
  const stop = () => cluster.stop();
  return {
    kind,
    nameServerAddrs: cluster.nameServerAddrs,
    brokerAddrs: cluster.brokers.map(({ advertisedAddr }) => advertisedAddr),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
