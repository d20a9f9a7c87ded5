import { type ReservedPorts, reservePorts } from '../free-ports.ts';
import { brokersRegistered } from './broker-registration.ts';
import { javaClassPath } from './java-class-path.ts';
import { JavaServerStartError } from './java-server.ts';
import { prepareServers, type ServerExtras } from './prepare-servers.ts';
import { RealCluster } from './real-cluster.ts';
import { ROCKETMQ_RELEASES, type RocketMQVersion } from './rocketmq-version.ts';
import type { ClusterPlan } from './server-settings.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** What to start. */
export interface RealClusterOptions extends ServerExtras {
  readonly version: RocketMQVersion;
  /** Number of master brokers, named broker-a, broker-b and so on. Default 1, at most 26. */
  readonly masters?: number;
  /** Number of name servers; every broker registers with all of them. Default 1. */
  readonly nameServers?: number;
  /** Whether to start a proxy in front of the brokers too (5.5.0 only). Default false. */
  readonly proxy?: boolean;
}

const START_ATTEMPTS = 3;

/**
 * Starts name servers and brokers of a real RocketMQ as Java processes, each with its own ports and a temporary directory.
 * Resolves when all have said "boot success" and every name server knows every broker (3 to 15 s). No topic exists then, and
 * none is created by sending (`autoCreateTopicEnable=false`): create it with request 17 on each broker, and ask a name server
 * for its route until it is there, for the broker registers a new topic in the background (some 10 ms). 5.5.0 listens on
 * loopback only, but for the broker's HA port and the proxy; 4.9.5 cannot. The servers end with this process, whatever ends it.
 *
 * @throws JavaServerStartError with the last log lines of the server that did not come up.
 * @throws RangeError when the options ask for what the release does not have.
 */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const { version, masters = 1, nameServers = 1, proxy = false } = options;
  if (!(masters >= 1 && masters <= 26)) throw new RangeError(`masters must be 1 to 26, got ${masters}`);
  if (!(nameServers >= 1)) throw new RangeError(`nameServers must be 1 or more, got ${nameServers}`);
  if (proxy && !ROCKETMQ_RELEASES[version].hasProxy) throw new RangeError(`RocketMQ ${version} has no proxy`);
  const classPath = await javaClassPath(version);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options, classPath);
    } catch (error) {
      // A program that reserves nothing can still take a port between our probe and the server's bind.
      const mayRetry = error instanceof JavaServerStartError && error.isPortTaken && attempt < START_ATTEMPTS;
      if (!mayRetry) throw error;
    }
  }
}

async function startOnce(options: RealClusterOptions, classPath: string): Promise<RealCluster> {
  await using undo = new AsyncDisposableStack();
  const { path: directory } = undo.use(await temporaryDirectory());
  const plan = await planOf(options, directory, async () => undo.use(await reservePorts()));
  const parts = await prepareServers(plan, options, classPath);
  const { nameServers, brokers, proxy } = parts;
  const servers = [...nameServers, ...brokers].map(({ server }) => server);
  undo.defer(async () => {
    await Promise.all([...servers, proxy?.server].map((server) => server?.signal('SIGKILL')));
  });
  await Promise.all(servers.map((server) => server.start()));
  await brokersRegistered(brokers, nameServers);
  // The proxy looks for a broker of its cluster when it starts, and ends when it finds none.
  await proxy?.server.start();
  return new RealCluster(parts, undo.move());
}

async function planOf(
  { version, masters = 1, nameServers = 1, proxy = false }: RealClusterOptions,
  directory: string,
  reserve: () => Promise<ReservedPorts>,
): Promise<ClusterPlan> {
  const count = nameServers + masters + (proxy ? 1 : 0);
  const bases: number[] = [];
  while (bases.length < count) bases.push((await reserve()).base);
  const brokerBases = bases.slice(nameServers, nameServers + masters);
  const [proxyBase] = bases.slice(nameServers + masters);
  return {
    version,
    directory,
    nameServerPorts: bases.slice(0, nameServers),
    // A broker listens on the port below by two and above by one as well.
    brokers: brokerBases.map((base, index) => ({ name: `broker-${String.fromCharCode(97 + index)}`, port: base + 2 })),
    ...(proxyBase !== undefined && { proxy: { remotingPort: proxyBase, grpcPort: proxyBase + 1 } }),
  };
}
