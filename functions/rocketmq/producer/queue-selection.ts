import type { PlacedQueue } from '../client/broker-preference.ts';
import type { MessageQueue, TopicPublishInfo } from '../client/topic-publish-info.ts';
import type { FaultStrategy } from './fault-strategy.ts';

/** What says which brokers of a topic come first, in groups. */
interface Preference {
  readonly zone: string | undefined;
  tiers(info: TopicPublishInfo): readonly (readonly PlacedQueue[])[];
}

/** Queues that take turns. */
interface Tier {
  readonly queues: readonly PlacedQueue[];
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
  private readonly faults: FaultStrategy;
  private readonly preference: Preference;
  private readonly topics = new Map<string, TopicTiers>();

  constructor(faults: FaultStrategy, preference: Preference) {
    this.faults = faults;
    this.preference = preference;
  }

  /**
   * The next queue: of an available broker that is not the one to avoid; else of another one that is merely slow; else
   * likewise of the brokers less preferred; else of any other broker; else any. Undefined when there is no queue.
   */
  next(info: TopicPublishInfo, avoidBroker: string | undefined): MessageQueue | undefined {
    const tiers = this.tiersOf(info);
    for (const tier of tiers) {
      const queue = this.nextOf(tier, avoidBroker);
      if (queue !== undefined) return queue;
    }
    for (const tier of tiers) {
      const queue = take(tier, ({ brokerName }) => brokerName !== avoidBroker);
      if (queue !== undefined) return queue;
    }
    const [first] = tiers;
    return first && take(first, () => true);
  }

  private nextOf(tier: Tier, avoidBroker: string | undefined): MessageQueue | undefined {
    const { faults } = this;
    return (
      take(tier, ({ brokerName }) => brokerName !== avoidBroker && faults.isAvailable(brokerName)) ??
      take(tier, ({ brokerName }) => brokerName !== avoidBroker && !faults.hasFailed(brokerName))
    );
  }

  /** Sorted out once for each route, and not for each send. */
  private tiersOf(info: TopicPublishInfo): readonly Tier[] {
    const { zone } = this.preference;
    const known = this.topics.get(info.topic);
    if (known !== undefined && known.info === info && known.zone === zone) return known.tiers;
    const tiers = this.preference
      .tiers(info)
      .map((queues) => ({ queues, turn: Math.floor(Math.random() * queues.length) }));
    this.topics.set(info.topic, { info, zone, tiers });
    return tiers;
  }
}

/** The next queue in turn that will do. */
function take(tier: Tier, willDo: (placed: PlacedQueue) => boolean): MessageQueue | undefined {
  const { queues, turn } = tier;
  const count = queues.length;
  for (let step = 0; step < count; step++) {
    const index = (turn + step) % count;
    const placed = queues[index];
    if (placed === undefined || !willDo(placed)) continue;
    tier.turn = (index + 1) % count;
    return placed.queue;
  }
  return undefined;
}
