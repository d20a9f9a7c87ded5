import { type Clock, monotonicMs } from '../clock.ts';
import { deadlineAfter } from '../deadline.ts';
import { ClientClosedError, RemotingConnectError, RemotingSendRequestError, RocketMQError } from '../errors.ts';
import type { RemotingCommand, SerializeType } from '../protocol/remoting-command.ts';
import { type CloseReason, Connection, type ServerRequestHandler } from './connection.ts';
import { Abandonment, dial } from './dial.ts';
import type { RequestParts } from './outgoing-request.ts';
import { type AnswerListener, tellWhenSettled } from './response-table.ts';
import type { RpcHook } from './rpc-hook.ts';
import type { TlsSettings } from './tls-settings.ts';

export interface RemotingClientOptions {
  readonly clock: Clock;
  readonly serializeType: SerializeType;
  readonly connectTimeoutMs: number;
  /** A connection unused for longer is closed before it is used again. */
  readonly idleLimitMs: number;
  readonly rpcHooks?: readonly RpcHook[];
  /** Asked at each connect: how to encrypt it; undefined for plain text. */
  readonly tls?: () => TlsSettings | undefined;
  /** Told of every answer before whoever waits for it. */
  readonly onAnswer?: (addr: string, answer: RemotingCommand) => void;
}

/** Why a connection was opened: the first one to an address, or what ended the one before. */
export type OpenReason = 'first' | CloseReason;

interface ConnectAttempt {
  readonly connection: Promise<Connection>;
  readonly abandonment: Abandonment;
}

/**
 * Connections to servers, at most one an address (Java: `NettyRemotingClient`). Connections survive a freeze; what a
 * freeze may have done to them is looked at by `beginInvocation`, never by a timer.
 */
export class RemotingClient {
  readonly #options: RemotingClientOptions;
  readonly #replayed = new WeakSet<RemotingCommand>();
  /** The newest connection to each address. */
  readonly #connections = new Map<string, Connection>();
  /** Every connection not closed yet; among them retired ones that were replaced while their last answers are awaited. */
  readonly #openConnections = new Set<Connection>();
  readonly #connecting = new Map<string, ConnectAttempt>();
  readonly #handlers = new Map<number, ServerRequestHandler>();
  readonly #shutdownListeners: (() => void)[] = [];
  readonly #closeReasons = new Map<string, CloseReason>();
  readonly #opened = new Map<OpenReason, number>();
  #localAddress: string | undefined;
  #isShutdown = false;
  /** Called with each new connection, before anything else is written on it. */
  onConnected: ((connection: Connection) => void) | undefined;

  constructor(options: RemotingClientOptions) {
    this.#options = options;
  }

  /** Connections opened since the client exists, by reason. */
  get openedByReason(): ReadonlyMap<OpenReason, number> {
    return this.#opened;
  }

  /** Addresses with a connection that can be used now. */
  get connectedAddrs(): string[] {
    return [...this.#connections.values()].filter(({ isUsable }) => isUsable).map(({ addr }) => addr);
  }

  /** Address of this host on the first connection there was; undefined before. */
  get localAddress(): string | undefined {
    return this.#localAddress;
  }

  /** The connection to an address, if there is one that can be used now; none is opened. */
  connectionTo(addr: string): Connection | undefined {
    const connection = this.#connections.get(addr);
    return connection?.isUsable ? connection : undefined;
  }

  /** Requests that wait for an answer, and connections being opened: nothing of either outlives an invocation. */
  get pendingCount(): number {
    let count = this.#connecting.size;
    for (const connection of this.#openConnections) count += connection.pendingCount;
    return count;
  }

  /**
   * Answers requests with this code that servers send. Other codes are answered "not supported".
   * @param onShutdown called when none can come any more.
   */
  registerHandler(code: number, handler: ServerRequestHandler, onShutdown?: () => void): void {
    this.#handlers.set(code, handler);
    if (onShutdown !== undefined) this.#shutdownListeners.push(onShutdown);
  }

  /** Closes what was idle for too long, and marks the rest as unproven until it answers. */
  beginInvocation(): void {
    for (const connection of [...this.#openConnections]) {
      if (connection.isIdleFor(this.#options.idleLimitMs)) connection.close('idle');
      else connection.suspect();
    }
  }

  /** Gives up connects still under way; for the end of the last running invocation. */
  abandonConnects(why = 'the invocation ended'): void {
    for (const addr of [...this.#connecting.keys()]) this.#abandonConnect(addr, why);
  }

  /**
   * Sends a request and waits for its answer, connecting first where needed. A connection that was kept over a freeze and
   * ends before it answered anything is replaced once, and the request sent again: the server had most likely closed it
   * long before, and never read the first copy.
   * @param timeoutMs for connect and answer together.
   */
  invoke(addr: string, request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return new Promise((resolve, reject) => {
      const listener = { startedAt: monotonicMs(), answered: resolve, failed: reject };
      this.invokeFor(listener, addr, request, timeoutMs);
    });
  }

  /** As `invoke`, but never a second time: where the connection ends before the answer, that is the end of it. */
  invokeOnce(addr: string, request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return this.withConnection(addr, timeoutMs, (connection, leftMs) => connection.request(request, leftMs));
  }

  /** As `invoke`, for what waits for the answer without a promise. It may be told of a failure at once. */
  invokeFor(listener: AnswerListener, addr: string, request: RequestParts, timeoutMs: number): void {
    const connection = this.#connections.get(addr);
    if (connection === undefined || !connection.isUsable) {
      tellWhenSettled(listener, this.invokeOnce(addr, request, timeoutMs));
    } else if (connection.isSuspect) this.#requestOnSuspect(listener, connection, request, timeoutMs);
    else connection.requestFor(listener, request, timeoutMs);
  }

  /** Writes a request that no answer is wanted to, connecting first where needed. */
  async oneway(addr: string, request: RequestParts, timeoutMs: number): Promise<void> {
    const connection = await this.connect(addr, timeoutMs);
    connection.oneway(request);
  }

  /** Whether this answers the second copy of a request, whose first copy may have been read too. */
  wasReplayed(answer: RemotingCommand): boolean {
    return this.#replayed.has(answer);
  }

  /** Connects to an address unless it is connected. */
  async connect(addr: string, timeoutMs: number): Promise<Connection> {
    const present = this.connectionTo(addr);
    if (present !== undefined) return present;
    if (this.#isShutdown) throw new ClientClosedError();
    return within(this.#connecting.get(addr)?.connection ?? this.#startConnecting(addr), addr, timeoutMs);
  }

  /** Connects unless it is connected, and uses the connection within what is then left of the limit, at least 1 ms. */
  async withConnection<T>(
    addr: string,
    timeoutMs: number,
    use: (connection: Connection, leftMs: number) => T | Promise<T>,
  ): Promise<T> {
    const limit = deadlineAfter(timeoutMs);
    const connection = await this.connect(addr, timeoutMs);
    return use(connection, Math.max(1, limit.remainingMs()));
  }

  /** Ends the connection to an address that is not needed any more, once what waits on it is answered. */
  retire(addr: string): void {
    this.#abandonConnect(addr, 'the server is not used any more');
    this.#connections.get(addr)?.retire('unused');
  }

  /** Closes everything. What waits fails. No connection is opened any more. */
  shutdown(): void {
    this.#isShutdown = true;
    this.abandonConnects('the client is shut down');
    for (const connection of [...this.#openConnections]) connection.close('shutdown');
    for (const listener of this.#shutdownListeners) listener();
  }

  #requestOnSuspect(listener: AnswerListener, connection: Connection, request: RequestParts, timeoutMs: number): void {
    const { startedAt } = listener;
    const failed = (error: unknown) => {
      const isReplayed = error instanceof RemotingSendRequestError && connection.isSuspect;
      if (!isReplayed) listener.failed(error);
      else tellWhenSettled(listener, this.#replay(request, timeoutMs - (monotonicMs() - startedAt), error));
    };
    connection.requestFor({ startedAt, answered: (answer) => listener.answered(answer), failed }, request, timeoutMs);
  }

  /**
   * Sends a request again on a new connection. A server that died just now may have read the first copy, so when the
   * second one cannot even be sent, the outcome of the first one stands.
   */
  async #replay(request: RequestParts, timeoutMs: number, first: RemotingSendRequestError): Promise<RemotingCommand> {
    try {
      const answer = await this.invokeOnce(first.addr, request, timeoutMs);
      if (first.outcome === 'unknown') this.#replayed.add(answer);
      return answer;
    } catch (error) {
      const isHarmless =
        first.outcome === 'notSent' || !(error instanceof RocketMQError) || error.outcome !== 'notSent';
      if (isHarmless) throw error;
      throw new RemotingSendRequestError(first.addr, first.opaque, 'unknown', first.elapsedMs, error);
    }
  }

  #startConnecting(addr: string): Promise<Connection> {
    const abandonment = new Abandonment();
    const connection = this.#open(addr, abandonment).finally(() => {
      if (this.#connecting.get(addr) === attempt) this.#connecting.delete(addr);
    });
    const attempt = { connection, abandonment };
    this.#connecting.set(addr, attempt);
    return connection;
  }

  #abandonConnect(addr: string, why: string): void {
    const attempt = this.#connecting.get(addr);
    // Forgotten at once: whoever wants a connection from now on begins a connect of his own.
    this.#connecting.delete(addr);
    attempt?.abandonment.abandon(why);
  }

  async #open(addr: string, abandonment: Abandonment): Promise<Connection> {
    const { connectTimeoutMs, clock, serializeType, rpcHooks: hooks = [], onAnswer } = this.#options;
    const open = await dial(addr, connectTimeoutMs, abandonment, this.#options.tls?.());
    if (abandonment.why !== undefined) {
      open.socket.destroy();
      throw new RemotingConnectError(addr, `given up: ${abandonment.why}`, 0);
    }
    const before = this.#connections.get(addr)?.endReason ?? this.#closeReasons.get(addr);
    const reason = before === undefined || before === 'unused' ? 'first' : before;
    this.#opened.set(reason, (this.#opened.get(reason) ?? 0) + 1);
    const connection = new Connection(addr, open, {
      clock,
      serializeType,
      hooks,
      handleRequest: (request, on) => this.#handlers.get(request.code)?.(request, on),
      onAnswer,
      onClosed: (closed, closeReason) => this.#forget(closed, closeReason),
    });
    this.#localAddress ??= open.socket.localAddress;
    this.#connections.set(addr, connection);
    this.#openConnections.add(connection);
    this.onConnected?.(connection);
    return connection;
  }

  #forget(closed: Connection, reason: CloseReason): void {
    this.#openConnections.delete(closed);
    // A retired connection may have been replaced while its last answers were awaited.
    if (this.#connections.get(closed.addr) !== closed) return;
    this.#connections.delete(closed.addr);
    if (reason === 'unused') this.#closeReasons.delete(closed.addr);
    else this.#closeReasons.set(closed.addr, reason);
  }
}

/** Waits for a shared connect no longer than the own limit; the connect goes on for the others. */
async function within(attempt: Promise<Connection>, addr: string, timeoutMs: number): Promise<Connection> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new RemotingConnectError(addr, 'no time left to connect', Math.round(timeoutMs)));
    timer = setTimeout(fail, Math.max(1, timeoutMs));
  });
  try {
    return await Promise.race([attempt, limit]);
  } finally {
    clearTimeout(timer);
  }
}
