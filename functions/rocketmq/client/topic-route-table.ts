import type { TopicRouteData } from '../protocol/topic-route-data.ts';
import { type TopicPublishInfo, topicPublishInfo } from './topic-publish-info.ts';

/** What is known of one topic. Immutable: a refresh puts another one in its place. */
export interface TopicRoute {
  readonly data: TopicRouteData;
  readonly publishInfo: TopicPublishInfo;
  /**
   * False when the name servers knew nothing of the topic the last time they were asked. A restarted name server knows
   * nothing for a while, so the route goes on being used until a broker denies the topic too.
   */
  readonly isConfirmed: boolean;
}

/** Routes by topic (Java: `topicRouteTable` and `topicPublishInfoTable`), swapped as a whole per topic. */
export class TopicRouteTable {
  private readonly routes = new Map<string, TopicRoute>();

  get(topic: string): TopicRoute | undefined {
    return this.routes.get(topic);
  }

  get topics(): string[] {
    return [...this.routes.keys()];
  }

  /** Takes a fresh route over. An equal one changes nothing, so that counters tied to the old one live on. */
  update(topic: string, data: TopicRouteData): void {
    const present = this.routes.get(topic);
    if (present !== undefined && JSON.stringify(present.data) === JSON.stringify(data)) {
      if (!present.isConfirmed) this.routes.set(topic, { ...present, isConfirmed: true });
      return;
    }
    this.routes.set(topic, { data, publishInfo: topicPublishInfo(topic, data), isConfirmed: true });
  }

  /** Notes that the name servers have no route of the topic now. */
  markMissing(topic: string): void {
    const present = this.routes.get(topic);
    if (present !== undefined) this.routes.set(topic, { ...present, isConfirmed: false });
  }

  /** Forgets a topic that neither its broker nor the name servers know. */
  deleteIfMissing(topic: string): void {
    if (this.routes.get(topic)?.isConfirmed === false) this.routes.delete(topic);
  }

  /** Addresses of all brokers in the confirmed routes, by broker name and id. */
  brokerAddrs(): Map<string, Readonly<Record<string, string>>> {
    const addrs = new Map<string, Readonly<Record<string, string>>>();
    for (const { data, isConfirmed } of this.routes.values()) {
      if (!isConfirmed) continue;
      for (const broker of data.brokerDatas) addrs.set(broker.brokerName, broker.brokerAddrs);
    }
    return addrs;
  }
}
