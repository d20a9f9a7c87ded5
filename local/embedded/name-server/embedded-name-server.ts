import {
  type BrokerData,
  MASTER_ID,
  type TopicQueueMapping,
  type TopicRouteData,
} from '../../../functions/rocketmq/protocol/topic-route-data.ts';
import { CLUSTER_NAME } from '../broker/cluster-name.ts';
import type { EmbeddedBroker } from '../broker/embedded-broker.ts';
import { EmbeddedServer, type EmbeddedServerOptions } from '../embedded-server.ts';
import type { Answer, RequestHandler } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import { KvConfig } from './kv-config.ts';
import { kvRequests } from './kv-requests.ts';
import type { NameServerContext } from './name-server-context.ts';
import { routeRequests } from './route-requests.ts';

/**
 * A name server on loopback. Its routes are what the running brokers hold at that moment: there is no registration that
 * could lag behind, unless a route is laid down with `setRoute`. Static mappings of brokers that stopped it tells of until it
 * stops itself, as a real one does (Java: `RouteInfoManager.topicQueueMappingInfoTable`).
 */
export class EmbeddedNameServer extends EmbeddedServer implements NameServerContext {
  readonly kv = new KvConfig();
  readonly #brokers: readonly EmbeddedBroker[];
  readonly #handlers: ReadonlyMap<number, RequestHandler>;
  readonly #laidDown = new Map<string, TopicRouteData>();
  /** By broker name and topic, the static mappings of brokers that stopped while this server ran. */
  readonly #leftMappings = new Map<string, ReadonlyMap<string, TopicQueueMapping>>();

  constructor(options: EmbeddedServerOptions, brokers: readonly EmbeddedBroker[]) {
    super(options);
    this.#brokers = brokers;
    this.#handlers = new Map([...routeRequests(this), ...kvRequests(this.kv)]);
    for (const broker of brokers) {
      broker.onStop(() => {
        if (this.isRunning) this.#leftMappings.set(broker.name, broker.staticQueues.snapshot());
      });
    }
  }

  /** Answers this route for a topic whatever the brokers hold, until it is taken back with `undefined`. */
  setRoute(topic: string, route: TopicRouteData | undefined): void {
    if (route === undefined) this.#laidDown.delete(topic);
    else this.#laidDown.set(topic, route);
  }

  routeOf(topic: string): TopicRouteData | undefined {
    const laidDown = this.#laidDown.get(topic);
    if (laidDown !== undefined) return laidDown;
    const names = new Set<string>();
    const queueDatas = this.#running().flatMap(({ name, topics }) => {
      const config = topics.get(topic);
      if (config === undefined || names.has(name)) return [];
      names.add(name);
      const { readQueueNums, writeQueueNums, perm } = config;
      return [{ brokerName: name, perm, readQueueNums, topicSysFlag: 0, writeQueueNums }];
    });
    if (queueDatas.length === 0) return undefined;
    const brokerDatas = this.brokerDatas().filter(({ brokerName }) => names.has(brokerName));
    const orderTopicConf = this.kv.get('ORDER_TOPIC_CONFIG', topic);
    const topicQueueMappingByBroker = this.#mappingsOf(topic);
    return { orderTopicConf, queueDatas, brokerDatas, topicQueueMappingByBroker };
  }

  brokerDatas(): readonly BrokerData[] {
    const sets = new Map<string, EmbeddedBroker[]>();
    for (const broker of this.#running()) sets.set(broker.name, [...(sets.get(broker.name) ?? []), broker]);
    return [...sets].map(([brokerName, members]) => {
      const zoneName = members[0]?.zone;
      return {
        brokerAddrs: brokerAddrsOf(members),
        brokerName,
        cluster: CLUSTER_NAME,
        ...(isV5(this.version) && { enableActingMaster: false }),
        ...(zoneName !== undefined && { zoneName }),
      };
    });
  }

  protected override handlerOf(code: number): RequestHandler | undefined {
    return this.#handlers.get(code);
  }

  /** A 4.9 name server says nothing at all to a code it does not know. */
  protected override unsupported(code: number): Answer | undefined {
    return isV5(this.version) ? super.unsupported(code) : undefined;
  }

  protected override connectionClosed(): void {
    // A name server keeps nothing about its clients.
  }

  protected override serverStopped(): void {
    // Laid down routes and pairs stay for the next start.
    this.#leftMappings.clear();
  }

  /** Those of running brokers as they are now, those of others as they were. */
  #mappingsOf(topic: string): TopicRouteData['topicQueueMappingByBroker'] {
    const byBroker = new Map<string, TopicQueueMapping | undefined>();
    for (const [name, mappings] of this.#leftMappings) byBroker.set(name, mappings.get(topic));
    for (const { name, staticQueues } of this.#running()) byBroker.set(name, staticQueues.get(topic));
    const mappings = [...byBroker].flatMap(([name, mapping]) =>
      mapping === undefined ? [] : [[name, mapping] as const],
    );
    return mappings.length === 0 ? undefined : Object.fromEntries(mappings);
  }

  #running(): readonly EmbeddedBroker[] {
    // Broker sets keep their place, whichever member of them is away.
    const names = this.#brokers.map(({ name }) => name);
    const bySet = this.#brokers.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    return bySet.filter((broker) => broker.isRunning);
  }
}

/** Addresses by broker id: the master has 0, slaves count from 1. */
function brokerAddrsOf(members: readonly EmbeddedBroker[]): Record<string, string> {
  let slaves = 0;
  return Object.fromEntries(
    members.map(({ isSlave, advertisedAddr, addr }) => [isSlave ? ++slaves : MASTER_ID, advertisedAddr ?? addr]),
  );
}
