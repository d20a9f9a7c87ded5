import type { Clock } from '../../../functions/rocketmq/clock.ts';
import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import type { HostAndPort } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { ClientTable } from './client-table.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import type { MessageStore } from './message-store.ts';
import type { SubscriptionTable } from './subscription-table.ts';
import type { TopicTable } from './topic-table.ts';

/** The cluster that embedded brokers belong to, and the region they name. */
export const CLUSTER_NAME = 'DefaultCluster';
export const REGION_ID = 'DefaultRegion';

/** Codes that a broker may refuse every send with: busy, not available, no permission. */
export type SendRefusal = 2 | 14 | 16;

/** What the masters and slaves of one broker name have in common: replication is sharing. */
export interface BrokerData {
  readonly topics: TopicTable;
  readonly store: MessageStore;
  readonly consumerOffsets: ConsumerOffsets;
}

/** What request handlers see of their broker. */
export interface BrokerContext extends BrokerData {
  readonly name: string;
  readonly isSlave: boolean;
  readonly version: number;
  readonly clock: Clock;
  readonly storeHost: HostAndPort;
  readonly producers: ClientTable;
  readonly consumers: ClientTable;
  readonly subscriptions: SubscriptionTable;
  /** Longest delay of a timer message, in ms. */
  readonly timerMaxDelayMs: number;
  readonly sendRefusal: SendRefusal | undefined;
  /** Sends a oneway request to a client. */
  pushTo(connection: ServerConnection, code: number, extFields: ExtFields, body?: Uint8Array): void;
}
