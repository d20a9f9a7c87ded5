import { MASTER_ID } from '../protocol/topic-route-data.ts';

/** Addresses of brokers by name and broker id (Java: `brokerAddrTable`). */
export class BrokerAddrTable {
  readonly #addrs = new Map<string, Readonly<Record<string, string>>>();
  /** Addresses that a fresh route replaced since the last `retain`: a broker that moved leaves a connection behind. */
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
   * Keeps only brokers and addresses that some route has (Java: `cleanOfflineBroker`).
   * @returns the addresses that went.
   */
  retain(routed: ReadonlyMap<string, Readonly<Record<string, string>>>): string[] {
    const before = new Set([...this.all, ...this.#replaced]);
    this.#replaced.clear();
    for (const brokerName of [...this.#addrs.keys()]) {
      const brokerAddrs = routed.get(brokerName);
      if (brokerAddrs === undefined) this.#addrs.delete(brokerName);
      else this.#addrs.set(brokerName, brokerAddrs);
    }
    const after = this.all;
    return [...before].filter((addr) => !after.has(addr));
  }
}
