/**
 * Version numbers that brokers answered with, by address (Java: `brokerVersionTable`, filled by heartbeats; here by
 * every answer). What an old broker would silently get wrong is refused before it is sent.
 */
export class BrokerVersionTable {
  readonly #versions = new Map<string, number>();

  record(addr: string, version: number): void {
    if (this.#versions.get(addr) !== version) this.#versions.set(addr, version);
  }

  /** `MQVersion` number; undefined while the broker answered nothing yet on its newest connection. */
  get(addr: string): number | undefined {
    return this.#versions.get(addr);
  }

  delete(addr: string): void {
    this.#versions.delete(addr);
  }
}
