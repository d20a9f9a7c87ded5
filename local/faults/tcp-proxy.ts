import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Fault } from './fault.ts';
import { ProxiedConnection } from './proxied-connection.ts';

/** How to start a proxy. */
export interface TcpProxyOptions {
  /** `host:port` that it forwards to. */
  readonly target: string;
  /** Where it listens: 127.0.0.1 and a port that the system chooses, unless told otherwise. */
  readonly listen?: { readonly host?: string; readonly port?: number };
  /** What new connections meet at first. Default `pass`. */
  readonly fault?: Fault;
}

/** Which connections a fault is for: those open now, those still to come, or both. */
export type FaultScope = 'present' | 'new' | 'all';

/** Starts a proxy between a client and a TCP server on which faults can be switched on; resolves when it listens. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const proxy = new TcpProxy(options);
  await proxy.accept();
  return proxy;
}

/** A running fault proxy; see `startTcpProxy`. */
export class TcpProxy implements AsyncDisposable {
  /** `host:port` for new connections; may be changed at any time, open connections stay where they are. */
  target: string;
  /** Connections accepted so far. */
  totalConnections = 0;
  /** Bytes read from clients and from the target so far, whether they were passed on or not. */
  readonly receivedBytes = { fromClients: 0, fromTarget: 0 };
  /** Answers thrown away by `dropAnswers` so far. */
  droppedAnswers = 0;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #host: string;
  #port: number;
  #fault: Fault;
  #server: Server | undefined;
  #isStopped = false;
  #waiters: { readonly condition: (proxy: TcpProxy) => boolean; readonly settle: PromiseWithResolvers<void> }[] = [];

  constructor({ target, listen, fault = { kind: 'pass' } }: TcpProxyOptions) {
    this.target = target;
    this.#host = listen?.host ?? '127.0.0.1';
    this.#port = listen?.port ?? 0;
    this.#fault = fault;
  }

  /** `host:port` that clients connect to; the same for the proxy's whole life. */
  get addr(): string {
    return `${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** Connections that neither the client nor the proxy has closed on the client's side. */
  get connections(): number {
    return [...this.#connections].filter(({ hasClient }) => hasClient).length;
  }

  /** Puts connections under a fault, in place of the one they were under. */
  apply(fault: Fault, scope: FaultScope = 'all'): void {
    if (scope !== 'present') this.#fault = fault;
    if (scope !== 'new') for (const connection of this.#connections) connection.apply(fault);
  }

  /** Stops listening, so that connects are refused by the system. Open connections stay. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /**
   * Listens again on the same port after `refuse`. Does nothing while it listens.
   *
   * @throws Error (EADDRINUSE) when somebody else took the port in the meantime.
   */
  async accept(): Promise<void> {
    if (this.#isStopped) throw new Error(`the proxy at ${this.addr} was stopped`);
    if (this.#server !== undefined) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#onConnection(client));
    await once(server.listen(this.#port, this.#host), 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Resolves when the condition holds, which is looked at now and whenever bytes came or a connection was opened or closed. */
  until(condition: (proxy: TcpProxy) => boolean): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.#waiters.push({ condition, settle });
    this.#changed();
    return settle.promise;
  }

  /** Closes every connection and stops listening. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const closed = this.#server && once(this.#server, 'close');
    this.refuse();
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
    for (const { settle } of this.#waiters.splice(0)) settle.reject(new Error(`the proxy at ${this.addr} was stopped`));
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #onConnection(client: Socket): void {
    const connection = new ProxiedConnection(client, hostAndPort(this.target), {
      onBytes: (direction, count) => {
        this.receivedBytes[direction === 'toServer' ? 'fromClients' : 'fromTarget'] += count;
        this.#changed();
      },
      onAnswerDropped: () => {
        this.droppedAnswers++;
        this.#changed();
      },
      onClientGone: () => this.#changed(),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    this.totalConnections++;
    connection.apply(this.#fault);
    this.#changed();
  }

  #changed(): void {
    this.#waiters = this.#waiters.filter(({ condition, settle }) => {
      const holds = condition(this);
      if (holds) settle.resolve();
      return !holds;
    });
  }
}

function hostAndPort(addr: string): { host: string; port: number } {
  const colon = addr.lastIndexOf(':');
  return { host: addr.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(addr.slice(colon + 1)) };
}
