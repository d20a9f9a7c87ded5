import type { MessageQueue, TopicPublishInfo } from '../client/topic-publish-info.ts';
import type { FaultStrategy } from './fault-strategy.ts';

/** Takes turns over the queues of each topic, from a random start, leaving resting brokers out. */
export class QueueSelection {
  private readonly faults: FaultStrategy;
  private readonly turns = new Map<string, number>();

  constructor(faults: FaultStrategy) {
    this.faults = faults;
  }

  /**
   * The next queue: of an available broker that is not the one to avoid; else of any other broker; else any. Undefined
   * when there is no queue.
   */
  next(info: TopicPublishInfo, avoidBroker: string | undefined): MessageQueue | undefined {
    const { queues, topic } = info;
    const count = queues.length;
    if (count === 0) return undefined;
    const turn = this.turns.get(topic) ?? Math.floor(Math.random() * count);
    let other: MessageQueue | undefined;
    for (let step = 0; step < count; step++) {
      const queue = queues[(turn + step) % count];
      if (queue === undefined || queue.brokerName === avoidBroker) continue;
      if (this.faults.isAvailable(queue.brokerName)) {
        this.turns.set(topic, (turn + step + 1) % count);
        return queue;
      }
      other ??= queue;
    }
    this.turns.set(topic, (turn + 1) % count);
    return other ?? queues[turn % count];
  }
}
