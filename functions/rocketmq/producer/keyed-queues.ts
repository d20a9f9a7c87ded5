import type { MessageQueue, TopicPublishInfo } from '../client/topic-publish-info.ts';
import type { Clock } from '../clock.ts';

/** Java's `String.hashCode`: over UTF-16 code units, in 32 bits. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (hash * 31 + text.charCodeAt(index)) | 0;
  return hash;
}

/** A broker gone for longer than this is gone for good: its keys move to the queues that are left. */
const LOSS_IS_FINAL_MS = 600_000;

interface KnownQueues {
  readonly queues: readonly MessageQueue[];
  readonly brokers: ReadonlySet<string>;
  /** Epoch ms since when brokers of it are missing; undefined while none is. */
  missingSince: number | undefined;
}

/**
 * Which queue a sharding key belongs to: where Java's `SelectMessageQueueByHash` puts the same string, so that producers of
 * both kinds keep one order. While a broker is down, the queues it had still count (`fail`), so that no key changes its
 * queue: keys of its queues fail, all others stay where they were. With `rehash` only the queues at hand count.
 */
export class KeyedQueues {
  readonly #clock: Clock;
  readonly #onQueueLost: 'fail' | 'rehash';
  readonly #known = new Map<string, KnownQueues>();

  constructor(clock: Clock, onQueueLost: 'fail' | 'rehash') {
    this.#clock = clock;
    this.#onQueueLost = onQueueLost;
  }

  /** The queue of a key; undefined when the topic has none. It may be one of a broker that is gone. */
  queueOf(info: TopicPublishInfo, shardingKey: string): MessageQueue | undefined {
    const queues = this.#onQueueLost === 'rehash' ? info.queues : this.#queuesThatCount(info);
    return queues[Math.abs(javaStringHash(shardingKey) % queues.length)];
  }

  #queuesThatCount(info: TopicPublishInfo): readonly MessageQueue[] {
    const { topic, queues } = info;
    const known = this.#known.get(topic);
    if (known?.queues === queues) return queues;
    const brokers = new Set(queues.map(({ brokerName }) => brokerName));
    const isBrokerMissing = known !== undefined && ![...known.brokers].every((brokerName) => brokers.has(brokerName));
    if (known !== undefined && isBrokerMissing) {
      const now = this.#clock.now();
      known.missingSince ??= now;
      if (now - known.missingSince < LOSS_IS_FINAL_MS) return known.queues;
    }
    this.#known.set(topic, { queues, brokers, missingSince: undefined });
    return queues;
  }
}
