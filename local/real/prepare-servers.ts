import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JavaServer } from './java-server.ts';
import { JVM_ACCESS, JVM_QUICK_START, jvmFilesIn } from './jvm-options.ts';
import type { RealClusterParts } from './real-cluster.ts';
import { ROCKETMQ_RELEASES } from './rocketmq-version.ts';
import {
  type BrokerPlan,
  brokerSettings,
  type ClusterPlan,
  nameServerAddrsOf,
  nameServerSettings,
  propertiesText,
  proxySettings,
  type ServerSettings,
} from './server-settings.ts';

/** What the caller adds to the launcher's own settings. */
export interface ServerExtras {
  /** Lines of every broker.conf, on top of and in place of the launcher's own. */
  readonly brokerConfig?: ServerSettings;
  /** Lines of every name server's configuration file, likewise. */
  readonly nameServerConfig?: ServerSettings;
  /**
   * JVM options of every server, after the launcher's own, so that `-Xmx` and the like win. The launcher starts servers with
   * `-XX:TieredStopAtLevel=1`, which saves seconds of start and costs throughput: measure with `-XX:TieredStopAtLevel=4`. And
   * with `-Dtls.server.mode=disabled`, where RocketMQ's default is `permissive`: the certificate that a server makes for
   * itself at each start takes it 2 to 3 s of CPU.
   */
  readonly javaArgs?: readonly string[];
  /** JVM options of the brokers alone, after those of every server. */
  readonly brokerJavaArgs?: readonly string[];
  /** Text files by their path relative to ROCKETMQ_HOME, such as `conf/plain_acl.yml`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes every file that a cluster's servers read and returns the servers, not yet started. */
export async function prepareServers(
  plan: ClusterPlan,
  extras: ServerExtras,
  classPath: string,
): Promise<RealClusterParts> {
  const { version, proxy } = plan;
  const workshop = new Workshop(plan, classPath, extras.javaArgs ?? []);
  const files = { ...ROCKETMQ_RELEASES[version].files, ...extras.files };
  for (const [path, text] of Object.entries(files)) await workshop.write(join('home', path), text);
  const nameServers = plan.nameServerPorts.map(async (port, index) => ({
    addr: `127.0.0.1:${port}`,
    server: await nameServer(workshop, plan, port, index, extras.nameServerConfig),
  }));
  const brokers = plan.brokers.map((broker) => brokerOf(workshop, plan, broker, extras));
  return {
    version,
    nameServers: await Promise.all(nameServers),
    brokers: await Promise.all(brokers),
    ...(proxy && {
      proxy: {
        remotingAddr: `127.0.0.1:${proxy.remotingPort}`,
        grpcAddr: `127.0.0.1:${proxy.grpcPort}`,
        server: await proxyServer(workshop, plan),
      },
    }),
  };
}

async function nameServer(
  workshop: Workshop,
  plan: ClusterPlan,
  port: number,
  index: number,
  config: ServerSettings = {},
): Promise<JavaServer> {
  const name = `name-server-${index}`;
  const settings = { ...nameServerSettings(plan, port, workshop.path(name)), ...config };
  const file = await workshop.write(join(name, 'namesrv.conf'), propertiesText(settings));
  const main = ['org.apache.rocketmq.namesrv.NamesrvStartup', '-c', file];
  return workshop.server(name, ['-Xmx128m'], main, 'The Name Server boot success');
}

async function brokerOf(workshop: Workshop, plan: ClusterPlan, broker: BrokerPlan, extras: ServerExtras) {
  const { name } = broker;
  const settings: ServerSettings = { ...brokerSettings(plan, broker, workshop.path(name)), ...extras.brokerConfig };
  const file = await workshop.write(join(name, 'broker.conf'), propertiesText(settings));
  const main = ['org.apache.rocketmq.broker.BrokerStartup', '-c', file];
  // The two ratios keep a broker writing on a machine whose disk is nearly full.
  const ratios = [
    '-Drocketmq.broker.diskSpaceWarningLevelRatio=0.99',
    '-Drocketmq.broker.diskSpaceCleanForciblyRatio=0.98',
  ];
  const jvmArgs = ['-Xmx384m', '-XX:MaxDirectMemorySize=512m', ...ratios];
  return {
    name,
    addr: `127.0.0.1:${settings.listenPort}`,
    advertisedAddr: `${settings.brokerIP1}:${settings.listenPort}`,
    settings,
    server: workshop.server(name, jvmArgs, main, 'boot success', extras.brokerJavaArgs),
  };
}

async function proxyServer(workshop: Workshop, plan: ClusterPlan): Promise<JavaServer> {
  const file = await workshop.write(join('proxy', 'rmq-proxy.json'), JSON.stringify(proxySettings(plan), null, 2));
  const nameServerAddrs = nameServerAddrsOf(plan).join(';');
  const main = ['org.apache.rocketmq.proxy.ProxyStartup', '-pm', 'cluster', '-n', nameServerAddrs, '-pc', file];
  return workshop.server('proxy', ['-Xmx384m', '-XX:MaxDirectMemorySize=512m'], main, 'startup successfully');
}

/** One cluster's directory: `home` is ROCKETMQ_HOME of all servers, and each server has a directory of its own name. */
class Workshop {
  readonly #plan: ClusterPlan;
  readonly #classPath: string;
  readonly #javaArgs: readonly string[];

  constructor(plan: ClusterPlan, classPath: string, javaArgs: readonly string[]) {
    this.#plan = plan;
    this.#classPath = classPath;
    this.#javaArgs = javaArgs;
  }

  path(relative: string): string {
    return join(this.#plan.directory, relative);
  }

  async write(relative: string, text: string): Promise<string> {
    const path = this.path(relative);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  server(
    name: string,
    jvmArgs: readonly string[],
    main: readonly string[],
    readyText: string,
    lastArgs: readonly string[] = [],
  ): JavaServer {
    const own = [
      ...JVM_QUICK_START,
      ...jvmFilesIn(this.path(name)),
      '-Dtls.server.mode=disabled',
      ...jvmArgs,
      ...this.#javaArgs,
      ...lastArgs,
    ];
    return new JavaServer({
      name: `${name} of RocketMQ ${this.#plan.version}`,
      args: [...JVM_ACCESS, ...own, '-cp', this.#classPath, ...main],
      env: { ROCKETMQ_HOME: this.path('home'), RMQ_PROXY_HOME: this.path('home'), NAMESRV_ADDR: undefined },
      readyText,
    });
  }
}
