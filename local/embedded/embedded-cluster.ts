import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import type { ClusterHandle } from '../cluster-handle.ts';
import type { EmbeddedBroker } from './broker/embedded-broker.ts';
import type { EmbeddedNameServer } from './name-server/embedded-name-server.ts';

/** A running cluster of embedded servers, whose parts can be stopped, disturbed and looked into. */
export class EmbeddedCluster implements ClusterHandle {
  readonly kind = 'embedded';
  readonly nameServers: readonly EmbeddedNameServer[];
  /** Masters and slaves, in the order they were asked for. */
  readonly brokers: readonly EmbeddedBroker[];

  constructor(nameServers: readonly EmbeddedNameServer[], brokers: readonly EmbeddedBroker[]) {
    this.nameServers = nameServers;
    this.brokers = brokers;
  }

  get nameServerAddrs(): readonly string[] {
    return this.nameServers.map(({ addr }) => addr);
  }

  get brokerAddrs(): readonly string[] {
    return this.brokers.filter(({ isSlave }) => !isSlave).map(({ addr, advertisedAddr }) => advertisedAddr ?? addr);
  }

  /** The master of a broker name, or its slave when it has no master; without a name the first broker. */
  broker(name = this.brokers[0]?.name): EmbeddedBroker {
    const named = this.brokers.filter((broker) => broker.name === name);
    const found = named.find(({ isSlave }) => !isSlave) ?? named[0];
    if (found !== undefined) return found;
    throw new RangeError(`no broker "${name}" here, only ${this.brokers.map((broker) => broker.name).join(', ')}`);
  }

  /** A name server by its place in `nameServerAddrs`. */
  nameServer(index = 0): EmbeddedNameServer {
    const found = this.nameServers[index];
    if (found !== undefined) return found;
    throw new RangeError(`no name server ${index} here, there are ${this.nameServers.length}`);
  }

  /** What is visible of a topic now, on all masters. */
  messages(topic: string): StoredMessage[] {
    return this.brokers.filter(({ isSlave }) => !isSlave).flatMap((broker) => broker.messages(topic));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nameServers, ...this.brokers].map((server) => server.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
