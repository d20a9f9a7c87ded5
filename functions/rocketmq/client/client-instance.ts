import { type Deadline, deadlineAfter, earlierOf, settledBy } from '../deadline.ts';
import { ClientClosedError } from '../errors.ts';
import type { RemotingCommand } from '../protocol/remoting-command.ts';
import type { Connection, ServerRequestHandler } from '../remoting/connection.ts';
import type { RequestParts } from '../remoting/outgoing-request.ts';
import { type OpenReason, RemotingClient } from '../remoting/remoting-client.ts';
import type { AnswerListener } from '../remoting/response-table.ts';
import { BrokerAddrTable } from './broker-addr-table.ts';
import { cleanUpBrokers } from './broker-cleanup.ts';
import { BrokerPreference } from './broker-preference.ts';
import { BrokerVersionTable } from './broker-version-table.ts';
import { newClientId } from './client-id.ts';
import { dueTasks } from './due-tasks.ts';
import { type DueTaskReport, DueWork } from './due-work.ts';
import { Heartbeats } from './heartbeats.ts';
import { InFlightWindows } from './in-flight-windows.ts';
import { NameServerClient } from './name-server-client.ts';
import { NameServerLookup } from './name-server-lookup.ts';
import { namespaceHook } from './namespace-hook.ts';
import { ProducerTable } from './producer-table.ts';
import type { ResolvedClientOptions } from './resolved-client-options.ts';
import { RouteSync } from './route-sync.ts';
import { SandboxZone } from './sandbox-zone.ts';
import { Security } from './security.ts';
import { SideWork } from './side-work.ts';
import { SpareConnections } from './spare-connections.ts';
import type { TopicPublishInfo } from './topic-publish-info.ts';
import { TopicRouteTable } from './topic-route-table.ts';
import { TransactionGroups } from './transaction-groups.ts';

export type { ResolvedClientOptions };

/** A part of the invocation's life that the client takes; ended exactly once. */
export interface InvocationUpkeep {
  /** Waits for the due work begun with it. After it nothing of the client goes on, when no other invocation runs. */
  end(): Promise<void>;
}

/** Group that every Java client has beside those of its producers. */
const INNER_PRODUCER_GROUP = 'CLIENT_INNER_PRODUCER';
/** With less time left in an invocation its due work is not begun: it would only fail, and stay due. */
const SMALLEST_DUE_WORK_MS = 20;

/**
 * The client of one process (Java: `MQClientInstance`): tables, connections and due work, shared by its producers. It
 * owns no timer. Everything in it survives a freeze except connections, which `beginInvocation` looks at.
 */
export class ClientInstance {
  readonly options: ResolvedClientOptions;
  readonly topicRouteTable = new TopicRouteTable();
  readonly brokerAddrTable = new BrokerAddrTable();
  readonly brokerVersionTable = new BrokerVersionTable();
  readonly producerTable = new ProducerTable<object>();
  readonly brokerPreference: BrokerPreference;
  /** Keys and trust, of which neither JSON nor an inspection shows anything. */
  readonly security: Security;
  /** Sends under way, by broker. */
  readonly windows = new InFlightWindows();
  readonly #remoting: RemotingClient;
  readonly #nameServers: NameServerClient;
  readonly #lookup: NameServerLookup;
  readonly #routeSync: RouteSync;
  readonly #heartbeats: Heartbeats;
  readonly #transactionGroups: TransactionGroups;
  readonly #dueWork: DueWork;
  readonly #sideWork = new SideWork();
  readonly #flushes = new Set<(deadline: Deadline) => Promise<void>>();
  /** Deadlines of the invocations that run now. */
  readonly #running = new Set<Deadline>();
  #shuttingDown: Promise<void> | undefined;

  /** Builds objects only: nothing is connected or looked up before it is needed. */
  constructor({ credentials, tls, ...options }: ResolvedClientOptions) {
    // Without the secrets: whoever logs a client must not log them.
    this.options = options;
    const { fetchSecurity, namespaceV2 } = options;
    const given = { ...(credentials === undefined ? {} : { credentials }), ...(tls === undefined ? {} : { tls }) };
    this.security = new Security(given, fetchSecurity, options.clock);
    const isSigned = credentials !== undefined || fetchSecurity !== undefined;
    const rpcHooks = [
      ...options.rpcHooks,
      ...(namespaceV2 === undefined ? [] : [namespaceHook(namespaceV2)]),
      ...(isSigned ? [this.security.signingHook()] : []),
    ];
    const onAnswer = (addr: string, { version }: RemotingCommand) => this.brokerVersionTable.record(addr, version);
    this.#remoting = new RemotingClient({ ...options, rpcHooks, tls: () => this.security.tls, onAnswer });
    this.#remoting.onConnected = (connection) => this.#greet(connection);
    this.#nameServers = new NameServerClient(this.#remoting);
    this.#lookup = new NameServerLookup(options.fetchNameServerAddrs, this.#nameServers);
    const zone = new SandboxZone(options.zone, options.fetchZone);
    this.brokerPreference = new BrokerPreference(options, zone);
    const { topicRouteTable, brokerAddrTable, brokerVersionTable, windows } = this;
    const [remoting, lookup] = [this.#remoting, this.#lookup];
    this.#routeSync = new RouteSync(this.#nameServers, lookup, topicRouteTable, brokerAddrTable, {
      ...options,
      timeoutMs: options.nameServerTimeoutMs,
      asking: (deadline, ask) => this.security.asking(deadline, ask),
      besideAsking: (deadline) => this.#sideWork.track(zone.find(deadline)),
    });
    const clientId = () => newClientId(remoting.localAddress ?? '127.0.0.1', options.instanceName, options.unitName);
    const heartbeats = new Heartbeats(remoting, brokerVersionTable, clientId);
    const transactionGroups = new TransactionGroups(heartbeats);
    [this.#heartbeats, this.#transactionGroups] = [heartbeats, transactionGroups];
    const tables = { topicRouteTable, brokerAddrTable, brokerVersionTable, windows };
    const used = { ...tables, remoting, heartbeats, transactionGroups };
    const spareConnections = new SpareConnections(this.brokerPreference, windows, options);
    if (options.nameServerAddrs !== undefined) this.#nameServers.update(options.nameServerAddrs);
    const tasks = dueTasks({
      ...options,
      isLookupPossible: lookup.isPossible,
      lookUpNameServers: async (deadline) => {
        await lookup.refresh(deadline);
      },
      refreshRoutes: (deadline) => this.#routeSync.refreshAll(deadline),
      dropOfflineBrokers: () => cleanUpBrokers({ ...used, spareConnections }),
      sendHeartbeats: async (deadline) => {
        // Nothing is to be fetched where there is nobody to tell.
        if (remoting.connectedAddrs.length === 0) return;
        const leftMs = () => Math.max(1, deadline.remainingMs());
        const beat = () => heartbeats.refresh(brokerAddrTable.masters, this.#groups, leftMs());
        await this.security.asking(deadline, beat);
      },
    });
    this.#dueWork = new DueWork(options.clock, tasks);
  }

  /** Name servers in use. */
  get nameServerAddrs(): readonly string[] {
    return this.#nameServers.nameServerAddrs;
  }

  /** Connections opened since the client exists, by reason. */
  get connectionsOpened(): ReadonlyMap<OpenReason, number> {
    return this.#remoting.openedByReason;
  }

  /** Requests, connects and side work under way: 0 after an invocation. */
  get pendingCount(): number {
    return this.#remoting.pendingCount + this.#sideWork.size;
  }

  /** What each task of the due work did last. */
  dueWorkReport(): DueTaskReport[] {
    return this.#dueWork.report();
  }

  /** Makes sure that name servers are known. Any number of calls, one lookup; a failed start can be tried again. */
  start(deadline: Deadline = deadlineAfter(this.options.nameServerTimeoutMs)): Promise<void> {
    if (this.#shuttingDown !== undefined) return Promise.reject(new ClientClosedError());
    return this.#findNameServers(deadline);
  }

  /**
   * Begins an invocation: lets one turn of the event loop pass, so that a FIN or RST that came while frozen is seen;
   * drops connections that are dead or idle for too long; starts the due work without waiting for it.
   */
  async beginInvocation(deadline: Deadline): Promise<InvocationUpkeep> {
    if (this.#shuttingDown !== undefined) throw new ClientClosedError();
    // An object of its own, for two invocations may share a deadline.
    const running: Deadline = { remainingMs: () => deadline.remainingMs() };
    this.#running.add(running);
    // The first one may come in this very turn, without a look at the sockets; between the two there is a whole look.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    this.#remoting.beginInvocation();
    this.security.beginInvocation();
    this.#routeSync.beginInvocation();
    this.#startDueWork(deadline);
    let ended: Promise<void> | undefined;
    return {
      end: () => {
        ended ??= this.#endInvocation(running);
        return ended;
      },
    };
  }

  /** Where a topic can be sent to, when it is known. */
  knownPublishInfo(topic: string): TopicPublishInfo | undefined {
    return this.topicRouteTable.get(topic)?.publishInfo;
  }

  /** Where a topic can be sent to. @throws TopicRouteNotFoundError, NoNameServerError, NoSecurityError, ClientClosedError */
  publishInfo(topic: string, deadline: Deadline): Promise<TopicPublishInfo> {
    if (this.#shuttingDown !== undefined) return Promise.reject(new ClientClosedError());
    return this.#routeSync.publishInfo(topic, deadline);
  }

  /**
   * Looks at the due work in the midst of an invocation that runs for long; costs two comparisons when nothing is due.
   * @param timeoutMs what it may take at most, besides the deadline and its budget.
   */
  checkDueWork(deadline: Deadline | undefined, timeoutMs: number): void {
    if (this.#dueWork.isAnyDue) this.#startDueWork(earlierOf(deadline, timeoutMs));
  }

  /**
   * Refreshes a topic's route after an error that a new one may cure, unless that was done a moment ago. Settles without
   * an error: a failed refresh leaves the route as it is.
   */
  refreshRouteAfterError(topic: string, deadline: Deadline): Promise<void> {
    const refresh = this.#routeSync.refreshAfterError(topic, deadline);
    return refresh === undefined ? Promise.resolve() : this.#sideWork.track(refresh);
  }

  /**
   * As `refreshRouteAfterError`, for sends that do not wait for it: it has no more time than due work, which an invocation waits
   * for too.
   */
  refreshRouteBeside(topic: string, deadline: Deadline): void {
    void this.refreshRouteAfterError(topic, earlierOf(deadline, this.options.dueWorkBudgetMs));
  }

  /** Forgets a topic that its broker denied and the name servers do not know either. */
  forgetIfMissing(topic: string): void {
    this.topicRouteTable.deleteIfMissing(topic);
  }

  /** Sends a request to a broker and waits for its answer, whatever its code; the broker's version is noted. */
  invoke(addr: string, request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return this.#remoting.invoke(addr, request, timeoutMs);
  }

  /** As `invoke`, for what waits for the answer without a promise. It may be told of a failure at once. */
  invokeFor(listener: AnswerListener, addr: string, request: RequestParts, timeoutMs: number): void {
    this.#remoting.invokeFor(listener, addr, request, timeoutMs);
  }

  /**
   * Sends a request and waits for its answer, as `invoke`, but never a second time: where the connection ends before the
   * answer, that is the end of it.
   */
  invokeOnce(addr: string, request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return this.#remoting.invokeOnce(addr, request, timeoutMs);
  }

  /** Whether this answers the second copy of a request, after the connection of the first one ended unheard. */
  wasReplayed(answer: RemotingCommand): boolean {
    return this.#remoting.wasReplayed(answer);
  }

  /** Writes a request to a broker without wanting an answer. */
  oneway(addr: string, request: RequestParts, timeoutMs: number): Promise<void> {
    return this.#remoting.oneway(addr, request, timeoutMs);
  }

  /** Answers requests with this code that brokers send, until `onShutdown` is called. */
  registerHandler(code: number, handler: ServerRequestHandler, onShutdown?: () => void): void {
    this.#remoting.registerHandler(code, handler, onShutdown);
  }

  /** Begins work beside the sends, such as the answer to a broker's question: an invocation waits for it at its end. */
  beside(limitMs: number, work: (deadline: Deadline) => Promise<void>): void {
    const isRunning = this.#running.size > 0;
    void this.#sideWork.track(
      work(deadlineAfter(this.#sideWorkLimitMs(isRunning ? limitMs : this.options.dueWorkBudgetMs))),
    );
  }

  /** Has a group registered only while an invocation sends transactional messages: a frozen client must not be asked. */
  addTransactionGroup(group: string): void {
    this.#transactionGroups.add(group);
  }

  /**
   * Registers a group of transactional messages at a broker, until the last running invocation ends. What it resolves to
   * settles with the broker's answer.
   */
  async holdTransactionGroup(
    group: string,
    addr: string,
    timeoutMs: number,
  ): Promise<{ readonly answered: Promise<void> }> {
    const hold = await this.#transactionGroups.hold(group, addr, timeoutMs);
    void this.#sideWork.track(hold.answered);
    return hold;
  }

  /** Version of a broker, which a heartbeat asks for where it is not known. @throws what keeps it from answering */
  brokerVersion(addr: string, timeoutMs: number): Promise<number> {
    return this.#heartbeats.versionOf(addr, this.#groups, timeoutMs);
  }

  /** Takes in a producer; masters that are connected already hear of its group with the next due work. */
  addProducer(group: string, producer: object): void {
    this.producerTable.register(group, producer);
    if (this.#remoting.connectedAddrs.length > 0) this.#dueWork.makeDue('sendHeartbeatToAllBrokerWithLock');
  }

  /** Takes a group off the brokers and off this client. */
  async removeProducer(group: string, deadline: Deadline): Promise<void> {
    this.producerTable.unregister(group);
    await this.#heartbeats.unregister(group, Math.max(1, deadline.remainingMs()));
  }

  /**
   * Registers with every master that a reply to a request on this topic can come from: those of its cluster.
   * @returns the client id they all know this client by; to be released.
   */
  async registerWithAllMasters(topic: string, deadline: Deadline): ReturnType<Heartbeats['registerAll']> {
    await this.publishInfo(topic, deadline);
    const brokers = this.topicRouteTable.get(topic)?.data.brokerDatas ?? [];
    const replyTopics = new Set(brokers.map(({ cluster }) => `${cluster}_REPLY_TOPIC`));
    const infos = await Promise.allSettled([topic, ...replyTopics].map((name) => this.publishInfo(name, deadline)));
    const masters = infos.flatMap((info) => (info.status === 'fulfilled' ? [...info.value.masterAddrs.values()] : []));
    // Groups of transactions are registered now and then only, and a broker knows none by its client id alone.
    if (this.#groups.length === 0) this.producerTable.register(INNER_PRODUCER_GROUP, this);
    return this.security.asking(deadline, () =>
      this.#heartbeats.registerAll([...new Set(masters)], this.#groups, Math.max(1, deadline.remainingMs())),
    );
  }

  /** Has something sent when the next invocation ends, or at the shutdown, while connections are still there; then it is forgotten. */
  onEnd(flush: (deadline: Deadline) => Promise<void>): void {
    this.#flushes.add(flush);
  }

  /** Takes the groups off the brokers and closes every connection. What waits fails. Any number of calls. */
  shutdown(deadline?: Deadline): Promise<void> {
    this.#shuttingDown ??= this.#sayFarewell(earlierOf(deadline, this.options.requestTimeoutMs));
    return this.#shuttingDown;
  }

  async #sayFarewell(deadline: Deadline): Promise<void> {
    await this.#flush(deadline);
    const timeoutMs = Math.max(1, deadline.remainingMs());
    await Promise.all(this.producerTable.groups.map((group) => this.#heartbeats.unregister(group, timeoutMs)));
    this.#remoting.shutdown();
    await this.#otherWorkDone();
  }

  async #endInvocation(running: Deadline): Promise<void> {
    await this.#flush(running);
    await this.#otherWorkDone(running);
    this.#running.delete(running);
    // Whoever ends last waits for what began meanwhile too, such as the first heartbeat of a connection that came about.
    while (this.#running.size === 0 && this.#sideWork.size > 0) await this.#otherWorkDone();
    if (this.#running.size === 0) {
      const leftMs = Math.min(this.options.dueWorkBudgetMs, running.remainingMs());
      await this.#transactionGroups.release(Math.max(SMALLEST_DUE_WORK_MS, leftMs));
      // What brokers asked before they knew is answered too.
      await this.#otherWorkDone();
    }
    if (this.#running.size === 0) this.#remoting.abandonConnects();
    // A socket closed just now is gone when the event loop has come round: it must not be frozen in the midst of it.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }

  /**
   * Settles when the due work and the side work under way now are done; never rejects. Part of it may be begun by other
   * invocations, with more time: while others run, what is not done by this one's deadline is theirs to wait for.
   */
  async #otherWorkDone(deadline?: Deadline): Promise<void> {
    const done = this.#dueWork.finished().then(() => this.#sideWork.done());
    if (deadline === undefined || this.#running.size === 1) await done;
    else await settledBy(done, deadline, () => new ClientClosedError()).catch(() => undefined);
  }

  async #findNameServers(deadline: Deadline): Promise<void> {
    if (this.#nameServers.nameServerAddrs.length > 0) return;
    await this.#lookup.refresh(deadline);
    this.#dueWork.markDone('fetchNameServerAddr');
  }

  /** Sends what others left to be sent, such as traces. Their failures are their own; they fail no invocation. */
  async #flush(deadline: Deadline): Promise<void> {
    const flushes = [...this.#flushes];
    this.#flushes.clear();
    if (flushes.length === 0) return;
    const limit = earlierOf(deadline, this.options.dueWorkBudgetMs);
    await Promise.allSettled(flushes.map((flush) => flush(limit)));
  }

  #startDueWork(deadline: Deadline): void {
    if (deadline.remainingMs() < SMALLEST_DUE_WORK_MS) return;
    this.#dueWork.start(earlierOf(deadline, this.options.dueWorkBudgetMs));
  }

  #greet(connection: Connection): void {
    if (!this.brokerAddrTable.masters.includes(connection.addr)) return;
    this.#heartbeats.adopt(connection);
    const groups = this.#groups;
    if (groups.length === 0) return;
    const limitMs = this.#sideWorkLimitMs();
    // Given up as soon as begun, it would take the connection with it, which other invocations send on. The next heartbeat names it too.
    if (limitMs >= SMALLEST_DUE_WORK_MS) void this.#sideWork.track(this.#heartbeats.greet(connection, groups, limitMs));
  }

  /** Ms that work beside the sends may take: the invocation that ends first waits for it too. */
  #sideWorkLimitMs(limitMs = this.options.dueWorkBudgetMs): number {
    const limits = [...this.#running].map((deadline) => deadline.remainingMs());
    return Math.max(1, Math.min(limitMs, ...limits));
  }

  /** Groups that heartbeats name now. */
  get #groups(): string[] {
    return this.#transactionGroups.registrable(this.producerTable.groups);
  }
}
