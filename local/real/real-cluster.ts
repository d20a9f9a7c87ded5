import { brokersRegistered, type RegisteringBroker } from './broker-registration.ts';
import type { JavaServer } from './java-server.ts';
import type { RocketMQVersion } from './rocketmq-version.ts';

/** One broker of a running cluster; a live view. */
export interface RealBroker {
  readonly name: string;
  /** Where it listens for connections. */
  readonly addr: string;
  /** What the name servers tell clients: `brokerIP1` and the same port. Differs from `addr` when the caller set `brokerIP1`. */
  readonly advertisedAddr: string;
  /** Process id, a new one after each start; `undefined` while it does not run. */
  readonly pid: number | undefined;
}

/** What a cluster is made of. */
export interface RealClusterParts {
  readonly version: RocketMQVersion;
  readonly nameServers: readonly { readonly addr: string; readonly server: JavaServer }[];
  readonly brokers: readonly (RegisteringBroker & { readonly advertisedAddr: string; readonly server: JavaServer })[];
  readonly proxy?: { readonly remotingAddr: string; readonly grpcAddr: string; readonly server: JavaServer };
}

/** A running RocketMQ cluster of Java processes, whose parts can be killed, frozen and started again. */
export class RealCluster implements AsyncDisposable {
  readonly version: RocketMQVersion;
  readonly nameServerAddrs: readonly string[];
  readonly brokers: readonly RealBroker[];
  /** Address of the proxy's remoting port, when a proxy was asked for. */
  readonly proxyRemotingAddr: string | undefined;
  /** Address of the proxy's gRPC port, when a proxy was asked for. */
  readonly proxyGrpcAddr: string | undefined;
  readonly #parts: RealClusterParts;
  readonly #resources: AsyncDisposable;
  #stopping: Promise<void> | undefined;

  /** `resources` are what `stop` gives back: processes, ports, files. */
  constructor(parts: RealClusterParts, resources: AsyncDisposable) {
    this.#parts = parts;
    this.#resources = resources;
    this.version = parts.version;
    this.nameServerAddrs = parts.nameServers.map(({ addr }) => addr);
    this.brokers = parts.brokers.map(({ name, addr, advertisedAddr, server }) => ({
      name,
      addr,
      advertisedAddr,
      get pid() {
        return server.pid;
      },
    }));
    this.proxyRemotingAddr = parts.proxy?.remotingAddr;
    this.proxyGrpcAddr = parts.proxy?.grpcAddr;
  }

  /**
   * Sends a broker a signal and resolves when it is gone: SIGKILL at once, SIGTERM after 5 to 17 s of orderly shutdown.
   * SIGSTOP and SIGCONT freeze and thaw it and resolve at once. A killed broker's store stays for the next `start`.
   */
  kill(brokerName: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#broker(brokerName).signal(signal);
  }

  /**
   * Starts a killed broker again on the same port and store; resolves when it has said "boot success" and every name server
   * that runs knows it.
   */
  async start(brokerName: string): Promise<void> {
    await this.#broker(brokerName).start();
    await brokersRegistered(this.#parts.brokers, this.#parts.nameServers);
  }

  /** Kills a name server (index into `nameServerAddrs`) and resolves when it is gone. */
  killNameServer(index: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#nameServer(index).signal(signal);
  }

  /** Starts a killed name server again on the same port; resolves when it knows every broker that runs. */
  async startNameServer(index: number): Promise<void> {
    await this.#nameServer(index).start();
    await brokersRegistered(this.#parts.brokers, this.#parts.nameServers);
  }

  /** Kills everything, without an orderly shutdown, and removes the files. May be called twice. */
  stop(): Promise<void> {
    this.#stopping ??= Promise.resolve(this.#resources[Symbol.asyncDispose]());
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #broker(name: string): JavaServer {
    const broker = this.#parts.brokers.find((candidate) => candidate.name === name);
    if (broker !== undefined) return broker.server;
    const names = this.brokers.map((candidate) => candidate.name).join(', ');
    throw new RangeError(`this cluster has no broker "${name}", it has ${names}`);
  }

  #nameServer(index: number): JavaServer {
    const nameServer = this.#parts.nameServers[index];
    if (nameServer !== undefined) return nameServer.server;
    throw new RangeError(`this cluster has no name server ${index}, it has ${this.nameServerAddrs.length}`);
  }
}
