import { type Clock, systemClock } from '../../functions/rocketmq/clock.ts';
import { TIMER_TOPIC } from '../../functions/rocketmq/protocol/message-waiting-topics.ts';
import { MQVersion } from '../../functions/rocketmq/protocol/mq-version.ts';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import type { ClusterHandle } from '../cluster-handle.ts';
import type { AclSettings } from './acl/acl-settings.ts';
import type { BrokerData } from './broker/broker-context.ts';
import { type BrokerSettings, defaultBrokerSettings } from './broker/broker-settings.ts';
import { ConsumerOffsets } from './broker/consumer-offsets.ts';
import { EmbeddedBroker } from './broker/embedded-broker.ts';
import { MessageStore } from './broker/message-store.ts';
import { type QueuePlace, StaticQueues } from './broker/static-queues.ts';
import { TopicTable } from './broker/topic-table.ts';
import type { EmbeddedServer } from './embedded-server.ts';
import { EmbeddedNameServer } from './name-server/embedded-name-server.ts';
import { EmbeddedProxy } from './proxy/embedded-proxy.ts';
import { isV5 } from './server-release.ts';
import type { TlsSettings } from './tls-acceptor.ts';

/** One broker of an embedded cluster. Brokers of one name are a set: a master and slaves that have what it has. */
export interface EmbeddedBrokerPlan {
  readonly name: string;
  /** Zone that routes name. */
  readonly zone?: string;
  /** Default false. */
  readonly slave?: boolean;
  /** A slave that nothing reaches of what its master stores: it has the topics, and no message. Default false. */
  readonly isDetached?: boolean;
  /** Port on 127.0.0.1. Default: chosen by the system. */
  readonly port?: number;
}

/** A topic that every broker has from the start. */
export interface EmbeddedTopicPlan {
  readonly name: string;
  /** Queues on each broker. */
  readonly queues: number;
  /** `PERM_READ`, `PERM_WRITE` or both. Default both. */
  readonly perm?: number;
  /** Makes it a static topic: where its logical queues are, by their ids, on which broker as which of its `queues`. */
  readonly staticQueues?: readonly QueuePlace[];
  /** Order configuration in routes, as `broker-a:4;broker-b:4`; kept by the name servers as a KV pair. */
  readonly orderTopicConf?: string;
}

export interface EmbeddedClusterOptions extends Partial<BrokerSettings> {
  /** Default: one master, broker-a. */
  readonly brokers?: readonly EmbeddedBrokerPlan[];
  /** How many name servers, or the port of each (0: chosen by the system). Default 1. */
  readonly nameServers?: number | readonly number[];
  /** Default: none. RMQ_SYS_TRACE_TOPIC is one to name here, as a real broker has it only by its configuration. */
  readonly topics?: readonly EmbeddedTopicPlan[];
  /** Version number that all servers report and behave like: 513 (5.5.0, the default) or 403 (4.9.5), say. */
  readonly version?: number;
  /** A connection without a byte either way for so long is closed, in ms. Default 120000, as of real servers. */
  readonly idleCloseMs?: number;
  /** Whether a send to an unknown topic creates it after TBW102. Default false. */
  readonly autoCreateTopics?: boolean;
  /** Whether there is a proxy in front of the brokers too: its address serves as that of a name server. Default false. */
  readonly proxy?: boolean;
  /** Who may talk to the brokers, and how they sign; name servers never check. Default: everybody. */
  readonly acl?: AclSettings;
  /** TLS of all servers, on the port of plain text. Default: plain text only. */
  readonly tls?: TlsSettings;
  /** What the servers take the time from. Default: the wall clock. */
  readonly clock?: Clock;
}

const DEFAULT_IDLE_CLOSE_MS = 120_000;

/** A running cluster of embedded servers, whose parts can be stopped, disturbed and looked into. */
export class EmbeddedCluster implements ClusterHandle {
  readonly kind = 'embedded';
  readonly nameServers: readonly EmbeddedNameServer[];
  /** Masters and slaves, in the order they were asked for. */
  readonly brokers: readonly EmbeddedBroker[];
  /** The proxy's remoting port, when one was asked for. */
  readonly proxy: EmbeddedProxy | undefined;

  constructor(
    nameServers: readonly EmbeddedNameServer[],
    brokers: readonly EmbeddedBroker[],
    proxy: EmbeddedProxy | undefined,
  ) {
    this.nameServers = nameServers;
    this.brokers = brokers;
    this.proxy = proxy;
  }

  /** Address of the proxy's remoting port, when one was asked for. */
  get proxyRemotingAddr(): string | undefined {
    return this.proxy?.addr;
  }

  /** Name servers, brokers and proxy. */
  get servers(): readonly EmbeddedServer[] {
    return [...this.nameServers, ...this.brokers, ...(this.proxy === undefined ? [] : [this.proxy])];
  }

  get nameServerAddrs(): readonly string[] {
    return this.nameServers.map(({ addr }) => addr);
  }

  get brokerAddrs(): readonly string[] {
    return this.brokers.filter(({ isSlave }) => !isSlave).map(({ addr, advertisedAddr }) => advertisedAddr ?? addr);
  }

  /** The master of a broker name, or its slave when it has no master; without a name the first broker. */
  broker(name = this.brokers[0]?.name): EmbeddedBroker {
    const named = this.brokers.filter((broker) => broker.name === name);
    const found = named.find(({ isSlave }) => !isSlave) ?? named[0];
    if (found !== undefined) return found;
    throw new RangeError(`no broker "${name}" here, only ${this.brokers.map((broker) => broker.name).join(', ')}`);
  }

  /** A name server by its place in `nameServerAddrs`. */
  nameServer(index = 0): EmbeddedNameServer {
    const found = this.nameServers[index];
    if (found !== undefined) return found;
    throw new RangeError(`no name server ${index} here, there are ${this.nameServers.length}`);
  }

  /** Changes who may talk to the brokers, from the next request on: to rotate keys, say. `undefined` lets everybody. */
  setAcl(acl: AclSettings | undefined): void {
    for (const broker of this.brokers) broker.acl = acl;
  }

  /** Changes where the logical queues of a static topic are, for brokers and routes; old places answer 501 from now on. */
  moveStaticQueues(topic: string, places: readonly QueuePlace[]): void {
    const ofNames = new Set(this.brokers.map(({ staticQueues }) => staticQueues));
    for (const staticQueues of ofNames) staticQueues.put(topic, places);
  }

  /** What is visible of a topic now, on all masters. */
  messages(topic: string): StoredMessage[] {
    return this.brokers.filter(({ isSlave }) => !isSlave).flatMap((broker) => broker.messages(topic));
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts name servers and brokers in this process, on ports of 127.0.0.1, with everything in memory. Real RocketMQ clients
 * can use them. Resolves when all of them listen.
 *
 * @throws Error when a given port is taken (EADDRINUSE); nothing is left running then.
 */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
  const { brokers: brokerPlans = [{ name: 'broker-a' }], nameServers = 1, clock = systemClock } = options;
  const common = {
    version: options.version ?? MQVersion.V5_5_0,
    idleCloseMs: options.idleCloseMs ?? DEFAULT_IDLE_CLOSE_MS,
    clock,
    tls: options.tls,
  };
  const dataOf = brokerDataByName(options, clock);
  const settings = brokerSettings(options, common.version);
  const brokers = brokerPlans.map(({ name, zone, slave = false, port = 0, isDetached = false }) => {
    const data = isDetached ? { ...dataOf(name), ...emptyStore(clock) } : dataOf(name);
    return new EmbeddedBroker({ ...common, name, zone, port, isSlave: slave, settings, acl: options.acl }, data);
  });
  const ports = typeof nameServers === 'number' ? Array<number>(nameServers).fill(0) : nameServers;
  const nameServer = (port: number) => new EmbeddedNameServer({ ...common, port }, brokers);
  // A name server of its own, which nobody else asks, tells it the routes.
  const proxy = options.proxy === true ? new EmbeddedProxy({ ...common, port: 0 }, brokers, nameServer(0)) : undefined;
  const cluster = new EmbeddedCluster(ports.map(nameServer), brokers, proxy);
  for (const { name, orderTopicConf } of options.topics ?? []) {
    if (orderTopicConf === undefined) continue;
    for (const { kv } of cluster.nameServers) kv.put('ORDER_TOPIC_CONFIG', name, orderTopicConf);
  }
  const started = await Promise.allSettled(cluster.servers.map((server) => server.start()));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed === undefined) return cluster;
  await cluster.stop();
  throw failed.reason;
}

/** Topics and messages of a broker name: made once, and shared by its master and slaves. */
function brokerDataByName(options: EmbeddedClusterOptions, clock: Clock): (name: string) => BrokerData {
  const known = new Map<string, BrokerData>();
  return (name) => {
    const shared = known.get(name);
    if (shared !== undefined) return shared;
    const topics = new TopicTable(options.autoCreateTopics ?? false);
    if (isV5(options.version ?? MQVersion.V5_5_0)) topics.put(topicConfig(TIMER_TOPIC, 1));
    for (const { name: topic, queues, perm } of options.topics ?? []) {
      topics.put(topicConfig(topic, queues, perm === undefined ? {} : { perm }));
    }
    const staticQueues = new StaticQueues(name);
    for (const plan of options.topics ?? []) {
      if (plan.staticQueues !== undefined) staticQueues.put(plan.name, plan.staticQueues);
    }
    const data = { topics, staticQueues, ...emptyStore(clock) };
    known.set(name, data);
    return data;
  };
}

function emptyStore(clock: Clock): Pick<BrokerData, 'store' | 'consumerOffsets'> {
  return { store: new MessageStore(clock), consumerOffsets: new ConsumerOffsets() };
}

function brokerSettings(options: EmbeddedClusterOptions, version: number): BrokerSettings {
  const defaults = defaultBrokerSettings(isV5(version));
  return {
    timerMaxDelayMs: options.timerMaxDelayMs ?? defaults.timerMaxDelayMs,
    recallMessageEnable: options.recallMessageEnable ?? defaults.recallMessageEnable,
    messageIndexEnable: options.messageIndexEnable ?? defaults.messageIndexEnable,
    transactionTimeOutMs: options.transactionTimeOutMs ?? defaults.transactionTimeOutMs,
    transactionCheckIntervalMs: options.transactionCheckIntervalMs ?? defaults.transactionCheckIntervalMs,
    transactionCheckMax: options.transactionCheckMax ?? defaults.transactionCheckMax,
  };
}
