import { join } from 'node:path';
import { ROCKETMQ_RELEASES, type RocketMQVersion } from './rocketmq-version.ts';

/** Lines of a server's configuration file, by name. */
export type ServerSettings = Readonly<Record<string, string>>;

/** One broker before it is started. */
export interface BrokerPlan {
  readonly name: string;
  readonly port: number;
}

/** Where the parts of one cluster live. */
export interface ClusterPlan {
  readonly version: RocketMQVersion;
  /** Directory of everything the cluster writes. */
  readonly directory: string;
  readonly nameServerPorts: readonly number[];
  readonly brokers: readonly BrokerPlan[];
  /** Ports of the proxy, when there is one. */
  readonly proxy?: { readonly remotingPort: number; readonly grpcPort: number };
}

/** The name of the cluster that every broker belongs to; it is what `mqadmin` and the Java client call it by default. */
const CLUSTER_NAME = 'DefaultCluster';

/** Of each file that a broker's messages are stored in. */
export const COMMIT_LOG_FILE_BYTES = 64 * 1024 ** 2;

/** Addresses of a plan's name servers. */
export function nameServerAddrsOf(plan: ClusterPlan): string[] {
  return plan.nameServerPorts.map((port) => `127.0.0.1:${port}`);
}

/** What a name server's configuration file says, `own` being its directory. */
export function nameServerSettings(plan: ClusterPlan, port: number, own: string): ServerSettings {
  return {
    listenPort: String(port),
    kvConfigPath: join(own, 'kvConfig.json'),
    configStorePath: join(own, 'namesrv.properties'),
    ...bindAddress(plan.version),
  };
}

/** What broker.conf says before the caller's own lines, `own` being the broker's directory. */
export function brokerSettings(plan: ClusterPlan, broker: BrokerPlan, own: string): ServerSettings {
  return {
    brokerClusterName: CLUSTER_NAME,
    brokerName: broker.name,
    brokerId: '0',
    listenPort: String(broker.port),
    brokerIP1: '127.0.0.1',
    namesrvAddr: nameServerAddrsOf(plan).join(';'),
    storePathRootDir: join(own, 'store'),
    storePathCommitLog: join(own, 'store', 'commitlog'),
    mappedFileSizeCommitLog: String(COMMIT_LOG_FILE_BYTES),
    flushDiskType: 'ASYNC_FLUSH',
    // Files of a throwaway store must not be cleaned, nor sends refused, because the machine's disk is nearly full.
    diskMaxUsedSpaceRatio: '95',
    // A topic that nobody created has no route: what a production cluster does, and what tests of that case need.
    autoCreateTopicEnable: 'false',
    ...bindAddress(plan.version),
    ...ROCKETMQ_RELEASES[plan.version].brokerConfig,
  };
}

/** What rmq-proxy.json says. */
export function proxySettings(plan: ClusterPlan): Readonly<Record<string, string | number>> {
  return {
    rocketMQClusterName: CLUSTER_NAME,
    namesrvAddr: nameServerAddrsOf(plan).join(';'),
    localServeAddr: '127.0.0.1',
    remotingAccessAddr: '127.0.0.1',
    remotingListenPort: plan.proxy?.remotingPort ?? 0,
    grpcServerPort: plan.proxy?.grpcPort ?? 0,
  };
}

/** The text of a configuration file in Java's properties format. */
export function propertiesText(settings: ServerSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function bindAddress(version: RocketMQVersion): ServerSettings {
  return ROCKETMQ_RELEASES[version].canBind ? { bindAddress: '127.0.0.1' } : {};
}
