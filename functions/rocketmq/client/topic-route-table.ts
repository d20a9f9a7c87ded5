import type { TopicRouteData } from '../protocol/topic-route-data.ts';
import { BrokerAbsences } from './broker-absences.ts';
import { type TopicPublishInfo, topicPublishInfo } from './topic-publish-info.ts';

/** What is known of one topic. Immutable: a refresh puts another one in its place. */
export interface TopicRoute {
  readonly data: TopicRouteData;
  /** Equal for routes that say the same. */
  readonly fingerprint: string;
  readonly publishInfo: TopicPublishInfo;
  /**
   * False when the name servers knew nothing of the topic the last time they were asked. A restarted name server knows
   * nothing for a while, so the route goes on being used until a broker denies the topic too.
   */
  readonly isConfirmed: boolean;
}

/** Routes by topic (Java: `topicRouteTable` and `topicPublishInfoTable`), swapped as a whole per topic. */
export class TopicRouteTable {
  readonly #routes = new Map<string, TopicRoute>();
  /** For how long brokers have been missing from these routes. */
  readonly absences = new BrokerAbsences();

  get(topic: string): TopicRoute | undefined {
    return this.#routes.get(topic);
  }

  get topics(): string[] {
    return [...this.#routes.keys()];
  }

  /**
   * Takes a fresh route over. An equal one changes nothing, so that counters tied to the old one live on.
   * @param answeredAt epoch ms.
   */
  update(topic: string, data: TopicRouteData, answeredAt: number): void {
    this.absences.note(topic, this.#updated(topic, data).publishInfo.brokerNames, answeredAt);
  }

  #updated(topic: string, data: TopicRouteData): TopicRoute {
    const present = this.#routes.get(topic);
    const fingerprint = present?.data === data ? present.fingerprint : fingerprintOf(data);
    const isSame = present?.fingerprint === fingerprint;
    if (isSame && present.isConfirmed) return present;
    const fresh = isSame ? present : { data, fingerprint, publishInfo: topicPublishInfo(topic, data) };
    const route = { ...fresh, isConfirmed: true };
    this.#routes.set(topic, route);
    return route;
  }

  /** Notes that the name servers have no route of the topic now. */
  markMissing(topic: string): void {
    const present = this.#routes.get(topic);
    if (present !== undefined) this.#routes.set(topic, { ...present, isConfirmed: false });
  }

  /** Forgets a topic that neither its broker nor the name servers know. */
  deleteIfMissing(topic: string): void {
    if (this.#routes.get(topic)?.isConfirmed !== false) return;
    this.#routes.delete(topic);
    this.absences.forget(topic);
  }

  /** All addresses that the routes in use have of each broker, by its name; unconfirmed ones are in use too. */
  brokerAddrs(): Map<string, ReadonlySet<string>> {
    const addrs = new Map<string, Set<string>>();
    for (const { data } of this.#routes.values()) {
      for (const { brokerName, brokerAddrs } of data.brokerDatas) {
        const known = addrs.get(brokerName) ?? new Set();
        for (const addr of Object.values(brokerAddrs)) known.add(addr);
        addrs.set(brokerName, known);
      }
    }
    return addrs;
  }
}

/** Each name server lists brokers in an order of its own, so order does not count (Java: `topicRouteDataChanged`). */
function fingerprintOf(data: TopicRouteData): string {
  const byBrokerName = (a: { brokerName: string }, b: { brokerName: string }) => (a.brokerName < b.brokerName ? -1 : 1);
  return JSON.stringify({
    ...data,
    queueDatas: data.queueDatas.toSorted(byBrokerName),
    brokerDatas: data.brokerDatas.toSorted(byBrokerName),
  });
}
