import { MASTER_ID } from '../protocol/topic-route-data.ts';

/** Addresses of brokers by name and broker id (Java: `brokerAddrTable`). */
export class BrokerAddrTable {
  readonly #addrs = new Map<string, Readonly<Record<string, string>>>();
  /** Addresses that a fresh route replaced and that have not gone yet: a broker that moved leaves a connection behind. */
  readonly #replaced = new Set<string>();

  /** Takes the addresses of a broker set from a fresh route. */
  update(brokerName: string, brokerAddrs: Readonly<Record<string, string>>): void {
    const present = this.#addrs.get(brokerName);
    if (present === brokerAddrs) return;
    for (const addr of Object.values(present ?? {})) this.#replaced.add(addr);
    this.#addrs.set(brokerName, brokerAddrs);
  }

  /** Address of a broker's master; undefined while it has none. */
  masterAddr(brokerName: string): string | undefined {
    return this.#addrs.get(brokerName)?.[MASTER_ID];
  }

  /** Every address known, slaves included. */
  get all(): Set<string> {
    return new Set([...this.#addrs.values()].flatMap((brokerAddrs) => Object.values(brokerAddrs)));
  }

  /** Addresses of all masters known. */
  get masters(): string[] {
    return [...this.#addrs.keys()].flatMap((brokerName) => this.masterAddr(brokerName) ?? []);
  }

  /**
   * Forgets brokers that no route has (Java: `cleanOfflineBroker`). Of the others it keeps what the freshest route said: an older
   * one, of a topic that nobody can tell of any more, may name addresses that they have left.
   * @param routed all addresses in the routes, by broker name.
   * @returns the addresses that went: that no route has, or that were replaced.
   */
  retain(routed: ReadonlyMap<string, ReadonlySet<string>>): string[] {
    const before = new Set([...this.all, ...this.#replaced]);
    for (const brokerName of [...this.#addrs.keys()]) if (!routed.has(brokerName)) this.#addrs.delete(brokerName);
    const present = new Set([...this.all, ...[...routed.values()].flatMap((addrs) => [...addrs])]);
    const gone = [...before].filter((addr) => !present.has(addr));
    for (const addr of gone) this.#replaced.delete(addr);
    return gone;
  }
}
