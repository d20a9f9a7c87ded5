import type { BrokerData, TopicRouteData } from '../../../functions/rocketmq/protocol/topic-route-data.ts';

/** What request handlers see of their name server. */
export interface NameServerContext {
  readonly version: number;
  /** Where a topic lives; `undefined` when nobody has it. */
  routeOf(topic: string): TopicRouteData | undefined;
  /** The running brokers, by broker name. */
  brokerDatas(): readonly BrokerData[];
}
