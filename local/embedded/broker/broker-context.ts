import type { Clock } from '../../../functions/rocketmq/clock.ts';
import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import type { HostAndPort } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { BrokerSettings } from './broker-settings.ts';
import type { ClientTable } from './client-table.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import type { MessageStore } from './message-store.ts';
import type { ProducerTable } from './producer-table.ts';
import type { QueueLocks } from './queue-locks.ts';
import type { StaticQueues } from './static-queues.ts';
import type { SubscriptionTable } from './subscription-table.ts';
import type { TopicTable } from './topic-table.ts';

/** The region that embedded brokers name. */
export const REGION_ID = 'DefaultRegion';

/** Codes that a broker may refuse every send with: busy, not available, no permission. */
export type SendRefusal = 2 | 14 | 16;

/**
 * Codes of a message that is stored, but not as safely as asked for: 10 not flushed to disk in time, 11 no slave there, 12 no
 * answer of a slave in time.
 */
export type DegradedCode = 10 | 11 | 12;

/** What the masters and slaves of one broker name have in common: replication is sharing. */
export interface BrokerData {
  readonly topics: TopicTable;
  readonly store: MessageStore;
  readonly consumerOffsets: ConsumerOffsets;
  readonly staticQueues: StaticQueues;
}

/** What request handlers see of their broker. */
export interface BrokerContext extends BrokerData {
  readonly name: string;
  readonly isSlave: boolean;
  readonly version: number;
  readonly clock: Clock;
  readonly storeHost: HostAndPort;
  readonly producers: ProducerTable;
  readonly consumers: ClientTable;
  readonly subscriptions: SubscriptionTable;
  readonly queueLocks: QueueLocks;
  readonly settings: BrokerSettings;
  readonly sendRefusal: SendRefusal | undefined;
  readonly degraded: DegradedCode | undefined;
  /** Sends a oneway request to a client. */
  pushTo(connection: ServerConnection, code: number, extFields: ExtFields, body?: Uint8Array): void;
  /** Sends a client a request and resolves with its answer; `undefined` when none comes in time. */
  callTo(
    connection: ServerConnection,
    code: number,
    extFields: ExtFields,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<RemotingCommand | undefined>;
}
