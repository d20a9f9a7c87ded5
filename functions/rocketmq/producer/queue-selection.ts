import type { Place, TopicPublishInfo } from '../client/topic-publish-info.ts';
import type { FaultStrategy } from './fault-strategy.ts';

/** What says which brokers of a topic come first, in groups. */
interface Preference {
  readonly zone: string | undefined;
  tiers(info: TopicPublishInfo): readonly (readonly Place[])[];
}

/** Queues that take turns. */
interface Tier {
  readonly places: readonly Place[];
  turn: number;
}

interface TopicTiers {
  readonly info: TopicPublishInfo;
  readonly zone: string | undefined;
  readonly tiers: readonly Tier[];
}

/**
 * Takes turns over the queues of each topic, from a random start, leaving resting brokers out. With preferred brokers it
 * stays with them, even when they are slow, until all of them have failed: a broker more is a connection more.
 */
export class QueueSelection {
  readonly #faults: FaultStrategy;
  readonly #preference: Preference;
  readonly #topics = new Map<string, TopicTiers>();

  constructor(faults: FaultStrategy, preference: Preference) {
    this.#faults = faults;
    this.#preference = preference;
  }

  /**
   * The next queue: of an available broker that is not the one to avoid; else of another one that is merely slow; else
   * likewise of the brokers less preferred; else of any other broker; else any. Undefined when there is no queue.
   * @param unfit brokers that come last of all
   */
  next(info: TopicPublishInfo, avoidBroker: string | undefined, unfit: readonly string[] = []): Place | undefined {
    const tiers = this.#tiersOf(info);
    for (const tier of tiers) {
      const place = this.#nextOf(tier, avoidBroker, unfit);
      if (place !== undefined) return place;
    }
    return anyOf(tiers, avoidBroker, unfit);
  }

  #nextOf(tier: Tier, avoidBroker: string | undefined, unfit: readonly string[]): Place | undefined {
    const count = tier.places.length;
    let slow: number | undefined;
    for (let step = 0; step < count; step++) {
      const brokerName = inTurn(tier, step)?.brokerName;
      if (brokerName === undefined || brokerName === avoidBroker || unfit.includes(brokerName)) continue;
      if (this.#faults.isAvailable(brokerName)) return take(tier, step);
      if (slow === undefined && !this.#faults.hasFailed(brokerName)) slow = step;
    }
    return slow === undefined ? undefined : take(tier, slow);
  }

  /** Sorted out once for each route, and not for each send. */
  #tiersOf(info: TopicPublishInfo): readonly Tier[] {
    const { zone } = this.#preference;
    const known = this.#topics.get(info.topic);
    if (known !== undefined && known.info === info && known.zone === zone) return known.tiers;
    const tiers = this.#preference
      .tiers(info)
      .map((places) => ({ places, turn: Math.floor(Math.random() * places.length) }));
    this.#topics.set(info.topic, { info, zone, tiers });
    return tiers;
  }
}

/** The queue whose turn comes after so many others. */
function inTurn({ places, turn }: Tier, step: number): Place | undefined {
  return places[(turn + step) % places.length];
}

/** The next queue when no tier has one that is wanted. Apart, so that no other send makes its closures. */
function anyOf(tiers: readonly Tier[], avoidBroker: string | undefined, unfit: readonly string[]): Place | undefined {
  const isFit = (brokerName: string) => !unfit.includes(brokerName);
  return (
    firstOf(tiers, (brokerName) => brokerName !== avoidBroker && isFit(brokerName)) ??
    firstOf(tiers, isFit) ??
    firstOf(tiers, () => true)
  );
}

/** Takes the first queue in turn whose broker is wanted. */
function firstOf(tiers: readonly Tier[], isWanted: (brokerName: string) => boolean): Place | undefined {
  for (const tier of tiers) {
    for (let step = 0; step < tier.places.length; step++) {
      const place = inTurn(tier, step);
      if (place !== undefined && isWanted(place.brokerName)) return take(tier, step);
    }
  }
  return undefined;
}

/** Takes that queue; the turn is its successor's then. */
function take(tier: Tier, step: number): Place | undefined {
  const place = inTurn(tier, step);
  tier.turn = (tier.turn + step + 1) % tier.places.length;
  return place;
}
