import { topicConfig } from '../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../local/admin-client.ts';
import type { ClusterHandle } from '../local/cluster-handle.ts';
import { startEmbeddedCluster } from '../local/embedded/embedded-cluster.ts';
import { startTcpProxy, type TcpProxy } from '../local/faults/tcp-proxy.ts';
import { startRealCluster } from '../local/real/start-real-cluster.ts';
import type { Target } from './contenders/load.ts';
import { TOPIC_QUEUES } from './contenders/topic-queues.ts';
import { makeRoom, STORE_SETTINGS } from './store-room.ts';
import { warmCluster } from './warm-cluster.ts';

export interface BenchClusterOptions {
  /** The embedded cluster instead of a real RocketMQ 5.5.0. */
  readonly isEmbedded: boolean;
  /** Start a proxy too, for clients that speak gRPC. */
  readonly hasGrpc?: boolean;
  /** Put a TCP proxy before name server and broker, which counts bytes and breaks connections. Not together with gRPC. */
  readonly isFronted?: boolean;
  /** Let its servers compile what they run before anything is measured. */
  readonly isWarm?: boolean;
}

/** A fresh cluster with one topic that everybody sends to. */
export interface BenchCluster extends AsyncDisposable {
  readonly target: Target;
  /** The TCP proxies before its servers; empty unless asked for. */
  readonly fronts: readonly TcpProxy[];
  /** Lets its broker drop what it has stored where that has become much. To be called while nobody sends. */
  makeRoom(): Promise<void>;
}

/** The address that a fronted real broker advertises: loopback too, so that the front can have the broker's own port. */
const FRONT_HOST = '127.0.0.2';
const TOPIC = 'bench';

/** Starts a cluster for one figure: fresh, because a broker that has seen much, or a transaction, is not what it was. */
export async function startBenchCluster(options: BenchClusterOptions): Promise<BenchCluster> {
  await using stack = new AsyncDisposableStack();
  const servers = options.isEmbedded ? await embedded(options, stack) : await real(options, stack);
  const { nameServerAddr, brokerAddr, grpcAddr, fronts } = servers;
  await using admin = new AdminClient({ nameServerAddrs: [servers.directNameServerAddr] });
  await admin.createTopic(topicConfig(TOPIC, TOPIC_QUEUES));
  const target: Target = {
    nameServerAddrs: [nameServerAddr],
    brokerAddr,
    topic: TOPIC,
    ...(grpcAddr === undefined ? {} : { grpcAddr }),
  };
  if (options.isWarm) await warmCluster(target);
  const kept = stack.move();
  return {
    target,
    fronts,
    makeRoom: async () => {
      if (!options.isEmbedded) await makeRoom(brokerAddr);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Servers {
  readonly directNameServerAddr: string;
  readonly nameServerAddr: string;
  readonly brokerAddr: string;
  readonly grpcAddr: string | undefined;
  readonly fronts: readonly TcpProxy[];
}

async function embedded({ isFronted }: BenchClusterOptions, stack: AsyncDisposableStack): Promise<Servers> {
  const cluster = stack.use(await startEmbeddedCluster());
  const direct = addrsOf(cluster);
  if (isFronted !== true)
    return { ...direct, nameServerAddr: direct.directNameServerAddr, grpcAddr: undefined, fronts: [] };
  const nameServer = stack.use(await startTcpProxy({ target: direct.directNameServerAddr }));
  const broker = stack.use(await startTcpProxy({ target: direct.brokerAddr }));
  cluster.broker().advertisedAddr = broker.addr;
  return {
    ...direct,
    nameServerAddr: nameServer.addr,
    brokerAddr: broker.addr,
    grpcAddr: undefined,
    fronts: [nameServer, broker],
  };
}

async function real(
  { hasGrpc = false, isFronted = false }: BenchClusterOptions,
  stack: AsyncDisposableStack,
): Promise<Servers> {
  // RocketMQ's own proxy looks for the broker at its advertised address as soon as it starts, before there is a front.
  if (isFronted && hasGrpc) throw new RangeError('a fronted cluster cannot have a gRPC proxy');
  const cluster = stack.use(
    await startRealCluster({
      version: '5.5.0',
      proxy: hasGrpc,
      // The launcher starts servers for a quick start; a measured broker gets the compiler it has in production.
      javaArgs: ['-XX:TieredStopAtLevel=4'],
      brokerConfig: { ...STORE_SETTINGS, ...(isFronted ? { brokerIP1: FRONT_HOST } : {}) },
    }),
  );
  const brokerAddrs = cluster.brokers.map(({ addr }) => addr);
  const direct = addrsOf({ nameServerAddrs: cluster.nameServerAddrs, brokerAddrs });
  const { directNameServerAddr, brokerAddr } = direct;
  const plain = { ...direct, nameServerAddr: directNameServerAddr, grpcAddr: cluster.proxyGrpcAddr, fronts: [] };
  if (!isFronted) return plain;
  const nameServer = stack.use(await startTcpProxy({ target: directNameServerAddr }));
  const port = Number(brokerAddr.slice(brokerAddr.lastIndexOf(':') + 1));
  const broker = stack.use(await startTcpProxy({ target: brokerAddr, listen: { host: FRONT_HOST, port } }));
  return { ...plain, nameServerAddr: nameServer.addr, brokerAddr: broker.addr, fronts: [nameServer, broker] };
}

function addrsOf({ nameServerAddrs, brokerAddrs }: Pick<ClusterHandle, 'nameServerAddrs' | 'brokerAddrs'>) {
  const [directNameServerAddr] = nameServerAddrs;
  const [brokerAddr] = brokerAddrs;
  if (directNameServerAddr === undefined || brokerAddr === undefined) throw new Error('the cluster has no server');
  return { directNameServerAddr, brokerAddr };
}
