import type { TopicQueueMapping } from '../../../functions/rocketmq/protocol/topic-route-data.ts';

/** Where a logical queue of a static topic is. */
export interface QueuePlace {
  readonly broker: string;
  readonly queueId: number;
}

/** The static topics of one broker name: which logical queue is which queue of its own (Java: `TopicQueueMappingManager`). */
export class StaticQueues {
  readonly #brokerName: string;
  readonly #mappings = new Map<string, TopicQueueMapping>();

  constructor(brokerName: string) {
    this.#brokerName = brokerName;
  }

  /** Lays down where the logical queues of a topic are, by their ids; queues of other brokers count too. */
  put(topic: string, places: readonly QueuePlace[]): void {
    const own = places.flatMap(({ broker, queueId }, id) => (broker === this.#brokerName ? [[id, queueId]] : []));
    this.#mappings.set(topic, {
      topic,
      scope: '__global__',
      totalQueues: places.length,
      bname: this.#brokerName,
      epoch: (this.#mappings.get(topic)?.epoch ?? 0) + 1,
      currIdMap: Object.fromEntries(own),
    });
  }

  /** The logical queues of a topic on this broker; `undefined` when it is no static topic. */
  get(topic: string): TopicQueueMapping | undefined {
    return this.#mappings.get(topic);
  }

  /** All mappings as they are now, by topic. */
  snapshot(): ReadonlyMap<string, TopicQueueMapping> {
    return new Map(this.#mappings);
  }
}
