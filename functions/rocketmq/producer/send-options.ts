import type { MessageQueue } from '../client/topic-publish-info.ts';
import type { Deadline } from '../deadline.ts';
import type { Message } from './message.ts';

/** How a `sendAll` is to be done. */
export interface SendAllOptions {
  /** When it has to be finished, at the latest; for each request the producer's `sendTimeoutMs` counts besides. */
  readonly deadline?: Deadline;
}

/** How a `send` is to be done. */
export interface SendOptions extends SendAllOptions {
  /** Queue to send to; every attempt goes there. Not together with a sharding key. */
  readonly queue?: MessageQueue;
  /** Chooses the queue among those that can be written (Java: `MessageQueueSelector`). Not together with a sharding key. */
  readonly selectQueue?: (queues: readonly MessageQueue[], message: Message) => MessageQueue;
}

/** How a transactional message is to be sent. */
export interface TransactionOptions extends SendOptions {
  /**
   * How long the broker asks nobody for the outcome, in ms, rounded up to seconds; after it a commit is refused. Default:
   * the broker's `transactionTimeOut` (6 s), after which it asks and still takes a commit. To be given only when a local
   * transaction takes longer: every round of checks stores a message with an immunity time again (docs/transactions.md).
   */
  readonly immunityMs?: number;
}
