import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import type { HostAndPort, StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { EmbeddedServer, type EmbeddedServerOptions } from '../embedded-server.ts';
import type { RequestHandler } from '../exchange.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { BrokerContext, BrokerData, SendRefusal } from './broker-context.ts';
import { clientRequests, notifyConsumers } from './client-requests.ts';
import { ClientTable } from './client-table.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import { lockRequests } from './lock-requests.ts';
import type { MessageStore } from './message-store.ts';
import { offsetRequests } from './offset-requests.ts';
import { pullRequests } from './pull-requests.ts';
import { queryRequests } from './query-requests.ts';
import { sendRequests } from './send-requests.ts';
import { SubscriptionTable } from './subscription-table.ts';
import { SuspendedPulls } from './suspended-pulls.ts';
import { topicRequests } from './topic-requests.ts';
import type { TopicTable } from './topic-table.ts';

/** A client without a heartbeat for so long is forgotten, and its connection closed. */
const REGISTRATION_EXPIRY_MS = 120_000;

export interface EmbeddedBrokerOptions extends EmbeddedServerOptions {
  readonly name: string;
  readonly isSlave: boolean;
  readonly zone: string | undefined;
  readonly timerMaxDelayMs: number;
}

/** A broker in memory, on loopback. What it holds survives `stop` and `restart`. */
export class EmbeddedBroker extends EmbeddedServer implements BrokerContext {
  readonly name: string;
  readonly isSlave: boolean;
  readonly zone: string | undefined;
  readonly timerMaxDelayMs: number;
  readonly topics: TopicTable;
  readonly store: MessageStore;
  readonly consumerOffsets: ConsumerOffsets;
  readonly producers = new ClientTable();
  readonly consumers = new ClientTable();
  readonly subscriptions = new SubscriptionTable();
  /** While set, every send is answered this code: 2 busy, 14 not available, 16 no permission. */
  sendRefusal: SendRefusal | undefined;
  /** Where name servers say it is, as `host:port`, when that is not where it listens. */
  advertisedAddr: string | undefined;
  readonly #handlers: ReadonlyMap<number, RequestHandler>;
  readonly #suspended: SuspendedPulls;

  constructor(options: EmbeddedBrokerOptions, data: BrokerData) {
    super(options);
    this.name = options.name;
    this.isSlave = options.isSlave;
    this.zone = options.zone;
    this.timerMaxDelayMs = options.timerMaxDelayMs;
    this.topics = data.topics;
    this.store = data.store;
    this.consumerOffsets = data.consumerOffsets;
    this.#suspended = new SuspendedPulls(data.store, options.clock);
    this.#handlers = new Map([
      ...sendRequests(this),
      ...pullRequests(this, this.#suspended),
      ...offsetRequests(this),
      ...queryRequests(this),
      ...topicRequests(this),
      ...clientRequests(this),
      ...lockRequests(this),
    ]);
  }

  get storeHost(): HostAndPort {
    return { host: '127.0.0.1', port: this.port };
  }

  /** What it stored of a topic and is visible now, queue by queue in their order. */
  messages(topic: string): StoredMessage[] {
    return this.store.messages(topic);
  }

  /** Changes a topic's permission (`PERM_READ | PERM_WRITE`), in the route too. As a real broker it does not look at it when it is sent to. */
  setPerm(topic: string, perm: number): void {
    const config = this.topics.get(topic);
    if (config === undefined) throw new RangeError(`${this.name} has no topic "${topic}": create it first`);
    this.topics.put({ ...config, perm });
  }

  override sweep(): void {
    super.sweep();
    const since = this.clock.now() - REGISTRATION_EXPIRY_MS;
    for (const table of [this.producers, this.consumers]) {
      for (const connection of table.silentSince(since)) connection.close('FIN');
    }
  }

  pushTo(connection: ServerConnection, code: number, extFields: ExtFields, body?: Uint8Array): void {
    this.push(connection, code, extFields, body);
  }

  protected override handlerOf(code: number): RequestHandler | undefined {
    return this.#handlers.get(code);
  }

  protected override connectionClosed(connection: ServerConnection): void {
    this.#suspended.drop(connection);
    this.producers.unregisterAll(connection);
    for (const group of this.consumers.unregisterAll(connection)) notifyConsumers(this, group);
  }

  protected override serverStopped(): void {
    this.#suspended.drop();
  }
}
