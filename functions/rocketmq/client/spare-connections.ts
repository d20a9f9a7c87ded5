import type { Clock } from '../clock.ts';
import type { BrokerPreference } from './broker-preference.ts';
import type { InFlightWindows } from './in-flight-windows.ts';
import type { TopicPublishInfo } from './topic-publish-info.ts';

/**
 * Finds connections that preferred brokers make needless: to masters that a sandbox went to while its own ones failed, or
 * for a key. Heartbeats would keep them open for as long as the sandbox lives.
 */
export class SpareConnections {
  readonly #preference: BrokerPreference;
  readonly #windows: InFlightWindows;
  readonly #options: { readonly clock: Clock; readonly idleLimitMs: number };
  /** By address, the sends to it and the epoch ms since when there were no more. */
  readonly #seen = new Map<string, { readonly sends: number; readonly since: number }>();

  constructor(
    preference: BrokerPreference,
    windows: InFlightWindows,
    options: { readonly clock: Clock; readonly idleLimitMs: number },
  ) {
    this.#preference = preference;
    this.#windows = windows;
    this.#options = options;
  }

  /** Those of these addresses that no send went to for longer than the idle limit, and that no topic prefers. */
  find(connectedMasters: readonly string[], infos: readonly TopicPublishInfo[]): string[] {
    if (!this.#preference.isOn) return [];
    const preferred = new Set(infos.flatMap((info) => this.#preferredAddrs(info)));
    const now = this.#options.clock.now();
    for (const addr of this.#seen.keys()) if (!connectedMasters.includes(addr)) this.#seen.delete(addr);
    return connectedMasters.filter((addr) => {
      const { sends } = this.#windows.of(addr);
      const seen = this.#seen.get(addr);
      if (seen !== undefined && seen.sends === sends) {
        return !preferred.has(addr) && now - seen.since > this.#options.idleLimitMs;
      }
      this.#seen.set(addr, { sends, since: now });
      return false;
    });
  }

  #preferredAddrs(info: TopicPublishInfo): string[] {
    const [first = []] = this.#preference.tiers(info);
    return first.flatMap(({ brokerName }) => info.masterAddrs.get(brokerName) ?? []);
  }
}
