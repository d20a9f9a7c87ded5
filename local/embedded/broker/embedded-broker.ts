import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import type { HostAndPort, StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { AclSettings } from '../acl/acl-settings.ts';
import { refusalOfAclV1 } from '../acl/acl-v1.ts';
import { refusalOfAclV2 } from '../acl/acl-v2.ts';
import { EmbeddedServer, type EmbeddedServerOptions } from '../embedded-server.ts';
import type { Answer, Exchange, RequestHandler } from '../exchange.ts';
import type { ServerConnection } from '../server-connection.ts';
import { isV5 } from '../server-release.ts';
import type { BrokerContext, BrokerData, DegradedCode, SendRefusal } from './broker-context.ts';
import type { BrokerSettings } from './broker-settings.ts';
import { clientRequests, notifyConsumers } from './client-requests.ts';
import { ClientTable } from './client-table.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import { lockRequests } from './lock-requests.ts';
import { withLogicalQueues } from './logical-queues.ts';
import type { MessageStore } from './message-store.ts';
import { offsetRequests } from './offset-requests.ts';
import { ProducerTable } from './producer-table.ts';
import { pullRequests } from './pull-requests.ts';
import { queryRequests } from './query-requests.ts';
import { QueueLocks } from './queue-locks.ts';
import { recallRequests } from './recall-requests.ts';
import { replyRequests } from './reply-requests.ts';
import { sendBackRequests } from './send-back-requests.ts';
import { sendRequests } from './send-requests.ts';
import type { StaticQueues } from './static-queues.ts';
import { SubscriptionTable } from './subscription-table.ts';
import { SuspendedPulls } from './suspended-pulls.ts';
import { topicRequests } from './topic-requests.ts';
import type { TopicTable } from './topic-table.ts';
import { transactionRequests } from './transaction-requests.ts';
import { type CheckRound, Transactions } from './transactions.ts';

/** A client without a heartbeat for so long is forgotten, and its connection closed. */
const REGISTRATION_EXPIRY_MS = 120_000;

export interface EmbeddedBrokerOptions extends EmbeddedServerOptions {
  readonly name: string;
  readonly isSlave: boolean;
  readonly zone: string | undefined;
  readonly settings: BrokerSettings;
  readonly acl?: AclSettings | undefined;
}

/** A broker in memory, on loopback. What it holds survives `stop` and `restart`. */
export class EmbeddedBroker extends EmbeddedServer implements BrokerContext {
  readonly name: string;
  readonly isSlave: boolean;
  readonly zone: string | undefined;
  settings: BrokerSettings;
  readonly topics: TopicTable;
  readonly store: MessageStore;
  readonly consumerOffsets: ConsumerOffsets;
  readonly staticQueues: StaticQueues;
  readonly producers = new ProducerTable();
  readonly consumers = new ClientTable();
  readonly subscriptions = new SubscriptionTable();
  readonly queueLocks = new QueueLocks();
  /** While set, every send is answered this code: 2 busy, 14 not available, 16 no permission. */
  sendRefusal: SendRefusal | undefined;
  /** Who may talk to it, and how they sign; everybody while it is `undefined`. May be changed while clients are connected. */
  acl: AclSettings | undefined;
  /** While set, what is stored is answered this code: 10 FLUSH_DISK_TIMEOUT, 11 SLAVE_NOT_AVAILABLE, 12 FLUSH_SLAVE_TIMEOUT. */
  degraded: DegradedCode | undefined;
  /** Where name servers say it is, as `host:port`, when that is not where it listens. */
  advertisedAddr: string | undefined;
  readonly #handlers: ReadonlyMap<number, RequestHandler>;
  readonly #suspended: SuspendedPulls;
  readonly #transactions = new Transactions(this);
  readonly #stopListeners: (() => void)[] = [];
  #checks: NodeJS.Timeout | undefined;

  constructor(options: EmbeddedBrokerOptions, data: BrokerData) {
    super(options);
    this.name = options.name;
    this.isSlave = options.isSlave;
    this.zone = options.zone;
    this.settings = options.settings;
    this.acl = options.acl;
    this.topics = data.topics;
    this.store = data.store;
    this.consumerOffsets = data.consumerOffsets;
    this.staticQueues = data.staticQueues;
    this.#suspended = new SuspendedPulls(data.store, options.clock);
    this.#handlers = new Map([
      ...withLogicalQueues(this, [
        ...sendRequests(this),
        ...pullRequests(this, this.#suspended),
        ...offsetRequests(this),
      ]),
      ...sendBackRequests(this),
      ...recallRequests(this),
      ...replyRequests(this),
      ...transactionRequests(this, this.#transactions),
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

  /**
   * A round of checks of half messages, as the broker makes one by itself every `transactionCheckIntervalMs`. Rounds within
   * one ms are one: what a round stored is looked at when the clock has moved on. When this returns the questions are sent.
   */
  checkTransactions(): CheckRound {
    return this.#transactions.check();
  }

  /** Calls this each time it has stopped. */
  onStop(listener: () => void): void {
    this.#stopListeners.push(listener);
  }

  override async start(): Promise<void> {
    await super.start();
    clearInterval(this.#checks);
    if (this.isSlave) return;
    this.#checks = setInterval(() => this.checkTransactions(), this.settings.transactionCheckIntervalMs);
    this.#checks.unref();
  }

  override sweep(): void {
    super.sweep();
    const since = this.clock.now() - REGISTRATION_EXPIRY_MS;
    for (const connection of this.producers.expire(since)) connection.close('FIN');
    for (const connection of this.consumers.silentSince(since)) connection.close('FIN');
  }

  pushTo(connection: ServerConnection, code: number, extFields: ExtFields, body?: Uint8Array): void {
    this.push(connection, code, extFields, body);
  }

  callTo(
    connection: ServerConnection,
    code: number,
    extFields: ExtFields,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<RemotingCommand | undefined> {
    return this.call(connection, code, extFields, body, timeoutMs);
  }

  protected override accessRefusal(exchange: Exchange): Answer | undefined {
    if (this.acl === undefined) return undefined;
    if (isV5(this.version)) return refusalOfAclV2(this.acl, exchange, this.version);
    return refusalOfAclV1(this.acl, exchange.request, this.version);
  }

  protected override handlerOf(code: number): RequestHandler | undefined {
    return this.#handlers.get(code);
  }

  protected override connectionClosed(connection: ServerConnection): void {
    this.#suspended.drop(connection);
    this.producers.connectionClosed(connection);
    for (const group of this.consumers.unregisterAll(connection)) notifyConsumers(this, group);
  }

  protected override serverStopped(): void {
    clearInterval(this.#checks);
    this.#suspended.drop();
    for (const listener of this.#stopListeners) listener();
  }
}
