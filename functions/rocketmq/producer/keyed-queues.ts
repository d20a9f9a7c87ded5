import type { BrokerAbsences } from '../client/broker-absences.ts';
import { type MessageQueue, placeOf, type TopicPublishInfo } from '../client/topic-publish-info.ts';

/** Java's `String.hashCode`: over UTF-16 code units, in 32 bits. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (hash * 31 + text.charCodeAt(index)) | 0;
  return hash;
}

/** A broker that name servers have not told of for so long is gone for good: its keys move to the queues that are left. */
const LOSS_IS_FINAL_MS = 600_000;

interface KnownQueues {
  readonly queues: readonly MessageQueue[];
  readonly brokers: ReadonlySet<string>;
}

/**
 * Which queue a sharding key belongs to: where Java's `SelectMessageQueueByHash` puts the same string, so that producers of
 * both kinds keep one order. While a broker is down, the queues it had still count (`fail`), so that no key changes its
 * queue: keys of its queues fail, all others stay where they were. With `rehash` only the queues at hand count.
 */
export class KeyedQueues {
  readonly #absences: BrokerAbsences;
  readonly #onQueueLost: 'fail' | 'rehash';
  readonly #known = new Map<string, KnownQueues>();
  /** Queues that have a master now. Sorted out once for each route, and not for each send. */
  readonly #atHand = new WeakMap<TopicPublishInfo, readonly MessageQueue[]>();

  constructor(absences: BrokerAbsences, onQueueLost: 'fail' | 'rehash') {
    this.#absences = absences;
    this.#onQueueLost = onQueueLost;
  }

  /** The queue of a key; undefined when the topic has none. It may be one of a broker that is gone, or that no broker has. */
  queueOf(info: TopicPublishInfo, shardingKey: string): MessageQueue | undefined {
    const queues = this.#onQueueLost === 'rehash' ? this.#queuesAtHand(info) : this.#queuesThatCount(info);
    return queues[Math.abs(javaStringHash(shardingKey) % queues.length)];
  }

  /** All queues where none is at hand: one of them then tells what it lacks. */
  #queuesAtHand(info: TopicPublishInfo): readonly MessageQueue[] {
    let queues = this.#atHand.get(info);
    if (queues === undefined) {
      queues = info.queues.filter((queue) => placeOf(info, queue) !== undefined);
      this.#atHand.set(info, queues);
    }
    return queues.length > 0 ? queues : info.queues;
  }

  #queuesThatCount(info: TopicPublishInfo): readonly MessageQueue[] {
    const { topic, queues, brokerNames: brokers } = info;
    const known = this.#known.get(topic);
    if (known?.queues === queues) return queues;
    const missing = known === undefined ? [] : [...known.brokers].filter((brokerName) => !brokers.has(brokerName));
    const away = missing.filter((brokerName) => this.#absences.absentMs(topic, brokerName) < LOSS_IS_FINAL_MS);
    if (known === undefined || away.length === 0) return this.#remember(topic, queues, brokers);
    if (away.length === missing.length) return known.queues;
    const kept = new Set(
      [...known.brokers].filter((brokerName) => brokers.has(brokerName) || away.includes(brokerName)),
    );
    return this.#remember(
      topic,
      known.queues.filter(({ brokerName }) => kept.has(brokerName)),
      kept,
    );
  }

  #remember(topic: string, queues: readonly MessageQueue[], brokers: ReadonlySet<string>): readonly MessageQueue[] {
    this.#known.set(topic, { queues, brokers });
    return queues;
  }
}
