import type { MessageQueue } from '../client/topic-publish-info.ts';
import { encodeQueueSend } from '../protocol/send-message-header.ts';
import type { SendUnit } from './send-unit.ts';

type QueueHeader = ReturnType<typeof encodeQueueSend>;

/** What the requests of one producer to one queue have alike: encoded with the first of them, kept as long as the queue. */
export class QueueHeaders {
  readonly #sender: { readonly group: string; readonly unitMode: boolean };
  readonly #ofMessages = new WeakMap<MessageQueue, QueueHeader>();
  readonly #ofBatches = new WeakMap<MessageQueue, QueueHeader>();

  constructor(sender: { readonly group: string; readonly unitMode: boolean }) {
    this.#sender = sender;
  }

  /** @param place the queue, and the broker that takes messages for it now. */
  of(
    { topic, isBatch: batch }: Pick<SendUnit, 'topic' | 'isBatch'>,
    { queue, brokerName }: { readonly queue: MessageQueue; readonly brokerName: string },
  ): QueueHeader {
    const known = batch ? this.#ofBatches : this.#ofMessages;
    const present = known.get(queue);
    if (present?.fields.b === topic && (present.fields.n ?? '') === brokerName) return present;
    const { group: producerGroup, unitMode } = this.#sender;
    const { queueId } = queue;
    const header = encodeQueueSend({
      producerGroup,
      topic,
      defaultTopic: topic,
      defaultTopicQueueNums: 4,
      queueId,
      reconsumeTimes: 0,
      unitMode,
      maxReconsumeTimes: undefined,
      batch,
      brokerName,
    });
    known.set(queue, header);
    return header;
  }
}
