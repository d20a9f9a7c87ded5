import { Buffer } from 'node:buffer';
import type { Clock } from '../../../functions/rocketmq/clock.ts';
import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { TIMER_TOPIC } from '../../../functions/rocketmq/protocol/message-waiting-topics.ts';
import {
  encodeStoredMessage,
  type HostAndPort,
  type StoredMessage,
} from '../../../functions/rocketmq/protocol/stored-message.ts';
import { DueMessages } from './due-messages.ts';
import { MessageIndex } from './message-index.ts';
import type { StoreEntry } from './store-entry.ts';

/** A message on its way into the store: what the store itself decides is missing. */
export type IncomingMessage = Omit<StoredMessage, 'queueOffset' | 'commitLogOffset' | 'storedAt' | 'storeHost'>;

/** Told that a queue has a new message. */
export type ArrivalListener = (topic: string, queueId: number) => void;

interface Queue {
  /** Offset of the first entry: what was before has been deleted. */
  minOffset: number;
  readonly entries: StoreEntry[];
}

/**
 * The messages of one broker, in memory: a commit log that gives offsets, queues per topic, an index of ids and keys, and
 * messages that become visible when the clock says so. Nothing runs by itself: what has become due is delivered when
 * somebody looks.
 */
export class MessageStore {
  readonly #clock: Clock;
  readonly #queues = new Map<string, Queue>();
  readonly #byCommitLogOffset = new Map<bigint, StoreEntry>();
  readonly #index = new MessageIndex();
  readonly #due = new DueMessages();
  readonly #listeners = new Set<ArrivalListener>();
  #commitLogOffset = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Stores a message at the end of its queue. An invisible one is in the commit log only, as what a broker takes for a half
   * message without storing it as one; its offset in the queue is 0.
   */
  append(incoming: IncomingMessage, storeHost: HostAndPort, isVisible = true): StoredMessage {
    const queue = this.#queue(incoming.topic, incoming.queueId);
    const message: StoredMessage = {
      ...incoming,
      // A copy: the received chunk that the body is a view of would be kept as a whole.
      body: Buffer.from(incoming.body),
      queueOffset: isVisible ? BigInt(queue.minOffset + queue.entries.length) : 0n,
      commitLogOffset: this.#commitLogOffset,
      storedAt: this.#clock.now(),
      storeHost,
    };
    const entry = { message, bytes: encodeStoredMessage(message) };
    this.#commitLogOffset += BigInt(entry.bytes.length);
    this.#byCommitLogOffset.set(message.commitLogOffset, entry);
    if (!isVisible) return message;
    queue.entries.push(entry);
    this.#index.add(entry);
    for (const listener of this.#listeners) listener(message.topic, message.queueId);
    return message;
  }

  /** Stores a message that `delivered` becomes visible for at an instant (epoch ms), as a message of its own. */
  appendDelayed(
    waiting: IncomingMessage,
    delivered: IncomingMessage,
    dueAt: number,
    storeHost: HostAndPort,
  ): StoredMessage {
    // Before it is stored, so that who is told of it finds when it becomes due.
    const { topic, properties } = delivered;
    const uniqKey = properties[MessageProperty.UNIQ_KEY];
    // Only the timer can be told to forget: a delay level runs its course.
    const recallKey = waiting.topic === TIMER_TOPIC && uniqKey !== undefined ? `${topic}\n${uniqKey}` : undefined;
    this.#due.add(dueAt, () => this.append(delivered, storeHost), recallKey);
    return this.append(waiting, storeHost);
  }

  /** Forgets the timer messages of a topic with a message id that are not due yet; none is fine too. */
  recall(topic: string, uniqKey: string): void {
    this.#deliverDue();
    this.#due.recall(`${topic}\n${uniqKey}`);
  }

  /** Epoch ms at which the next delayed message becomes visible; `undefined` when none waits. */
  get nextDueAt(): number | undefined {
    return this.#due.nextDueAt;
  }

  /** Entries of a queue from an offset on, in order. */
  read(topic: string, queueId: number, offset: number): readonly StoreEntry[] {
    this.#deliverDue();
    const queue = this.#queues.get(queueKey(topic, queueId));
    return queue === undefined ? [] : queue.entries.slice(Math.max(0, offset - queue.minOffset));
  }

  /** First offset of a queue that is there, and the offset that its next message will get. */
  bounds(topic: string, queueId: number): { readonly minOffset: number; readonly maxOffset: number } {
    this.#deliverDue();
    const queue = this.#queues.get(queueKey(topic, queueId));
    if (queue === undefined) return { minOffset: 0, maxOffset: 0 };
    return { minOffset: queue.minOffset, maxOffset: queue.minOffset + queue.entries.length };
  }

  /** Every message of a topic, queue by queue. */
  messages(topic: string): StoredMessage[] {
    this.#deliverDue();
    const queues = [...this.#queues].filter(([key]) => key.startsWith(`${topic}\n`));
    return queues
      .flatMap(([, queue]) => queue.entries.map(({ message }) => message))
      .sort((a, b) => a.queueId - b.queueId || Number(a.queueOffset - b.queueOffset));
  }

  /** The message at a commit log offset, visible or not. */
  at(commitLogOffset: bigint): StoreEntry | undefined {
    return this.#byCommitLogOffset.get(commitLogOffset);
  }

  /** Messages of a topic that have a word among their KEYS, or as their id, oldest first. */
  withKey(topic: string, key: string): readonly StoreEntry[] {
    this.#deliverDue();
    return this.#index.find(topic, key);
  }

  /** Forgets the messages of a queue before an offset, as a broker does with old files. */
  deleteBefore(topic: string, queueId: number, offset: number): void {
    const queue = this.#queue(topic, queueId);
    const deleted = Math.min(Math.max(0, offset - queue.minOffset), queue.entries.length);
    queue.entries.splice(0, deleted);
    queue.minOffset += deleted;
  }

  /** Has a listener told of every message that becomes visible; the answer takes it off again. */
  onArrival(listener: ArrivalListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #deliverDue(): void {
    this.#due.deliver(this.#clock.now());
  }

  #queue(topic: string, queueId: number): Queue {
    const key = queueKey(topic, queueId);
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const queue: Queue = { minOffset: 0, entries: [] };
    this.#queues.set(key, queue);
    return queue;
  }
}

function queueKey(topic: string, queueId: number): string {
  return `${topic}\n${queueId}`;
}
