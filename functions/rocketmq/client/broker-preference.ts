import { type Place, placeOf, type TopicPublishInfo } from './topic-publish-info.ts';

/** What brokers are preferred by. */
export interface PreferenceOptions {
  /** Most brokers of a topic to use while they work; 0 for all. */
  readonly brokersPerSandbox: number;
  /** Zone by broker name, in place of what a route says. */
  readonly brokerZones?: Readonly<Record<string, string>>;
}

/**
 * Which brokers this process sends to first, among those that have a topic: those of its zone, and of them a few that it
 * draws for itself. A thousand sandboxes with two brokers each open a tenth of the connections to each of 20 brokers, and
 * spread over them alike, without knowing of each other.
 */
export class BrokerPreference {
  readonly #options: PreferenceOptions;
  readonly #sandboxZone: { readonly name: string | undefined };
  readonly #seed: number;

  /**
   * @param seed who this process is, drawn once and kept over freezes and reconnects; 32 bits. Not the client id, which is
   *   another one for each connection.
   */
  constructor(
    options: PreferenceOptions,
    sandboxZone: { readonly name: string | undefined },
    seed = Math.floor(Math.random() * 2 ** 32),
  ) {
    this.#options = options;
    this.#sandboxZone = sandboxZone;
    this.#seed = seed;
  }

  /** The zone whose brokers come first; undefined for none. With another one `tiers` has another answer. */
  get zone(): string | undefined {
    return this.#sandboxZone.name;
  }

  /** Whether any broker is preferred to another. */
  get isOn(): boolean {
    return this.#options.brokersPerSandbox > 0 || this.zone !== undefined;
  }

  /**
   * The queues of a topic that can be sent to, in groups of brokers: each group is for when those of the ones before it
   * have failed. No group is empty; a topic without such queues has none.
   */
  tiers(info: TopicPublishInfo): (readonly Place[])[] {
    const places = info.queues.flatMap((queue) => placeOf(info, queue) ?? []);
    if (places.length === 0 || !this.isOn) return places.length === 0 ? [] : [places];
    return this.#brokerTiers(info, new Set(places.map(({ brokerName }) => brokerName))).map((brokers) =>
      places.filter(({ brokerName }) => brokers.has(brokerName)),
    );
  }

  #brokerTiers({ zones }: TopicPublishInfo, brokerNames: ReadonlySet<string>): ReadonlySet<string>[] {
    const { brokersPerSandbox, brokerZones } = this.#options;
    const isNear = (name: string) => this.zone !== undefined && (brokerZones?.[name] ?? zones.get(name)) === this.zone;
    const ranked = [...brokerNames]
      .map((name) => ({ name, rank: rankOf(name, this.#seed) }))
      .toSorted((a, b) => b.rank - a.rank || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name);
    const size = brokersPerSandbox > 0 ? brokersPerSandbox : ranked.length;
    return [ranked.filter(isNear), ranked.filter((name) => !isNear(name))].flatMap((names) => cut(names, size));
  }
}

/**
 * A broker's place in the order of one sandbox (rendezvous hashing): whoever ranks highest is chosen, so that a broker that
 * comes or goes moves only those sandboxes that have it among their highest. FNV-1a over the name, then the last mix of
 * MurmurHash3, without which names that differ in one letter would rank alike everywhere.
 */
function rankOf(brokerName: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < brokerName.length; index++) {
    hash = Math.imul(hash ^ brokerName.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function cut(names: readonly string[], size: number): ReadonlySet<string>[] {
  return Array.from(
    { length: Math.ceil(names.length / size) },
    (_, index) => new Set(names.slice(index * size, (index + 1) * size)),
  );
}
