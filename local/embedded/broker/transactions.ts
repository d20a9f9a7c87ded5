import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { topicConfig } from '../../../functions/rocketmq/protocol/topic-config.ts';
import type { BrokerContext } from './broker-context.ts';
import { type ImmunityMs, immunityOf } from './check-immunity.ts';
import type { IncomingMessage } from './message-store.ts';
import { CHECK_MAX_TOPIC, HALF_TOPIC } from './topic-table.ts';
import { askProducer } from './transaction-check.ts';

/** What a round of checks did with the half messages that are still open, by count. */
export interface CheckRound {
  /** Stored again, and a producer of the group was asked. */
  readonly asked: number;
  /** Stored again and counted as checked, though nobody of the group was there to be asked. */
  readonly unheard: number;
  /** Within the immunity time of their own: stored again, and counted as checked, without asking. */
  readonly immune: number;
  /** Given up: copied to TRANS_CHECK_MAX_TIME_TOPIC. */
  readonly parked: number;
}

type Step = keyof CheckRound | 'too-fresh';

/** Half messages older than this are given up (Java: `fileReservedTime`). */
const RESERVED_MS = 72 * 3_600_000;

/**
 * The half messages of a broker and the rounds of checks over them (Java: `TransactionalMessageServiceImpl`). Each check
 * stores the half message again, at new offsets, and goes on from there; what ends the old place says nothing of the new one.
 */
export class Transactions {
  readonly #broker: BrokerContext;
  /** Offset in the half queue that the next round begins at. */
  #checkOffset = 0;
  /** Offsets in the half queue that were committed or rolled back. */
  readonly #ended = new Set<number>();

  constructor(broker: BrokerContext) {
    this.#broker = broker;
  }

  /** Takes note of a commit or rollback: the message at this place is not checked any more. */
  end({ topic, queueOffset }: StoredMessage): void {
    const offset = Number(queueOffset);
    if (topic === HALF_TOPIC && offset >= this.#checkOffset) this.#ended.add(offset);
  }

  /** One round over what was there when it began; the first message that is too young ends it. */
  check(): CheckRound {
    const startedAt = this.#broker.clock.now();
    const count = { asked: 0, unheard: 0, immune: 0, parked: 0 };
    // The half topic becomes one that can be read with the first round.
    if (this.#broker.topics.get(HALF_TOPIC) === undefined) this.#broker.topics.put(topicConfig(HALF_TOPIC, 1));
    for (const { message } of this.#broker.store.read(HALF_TOPIC, 0, this.#checkOffset)) {
      const offset = Number(message.queueOffset);
      if (!this.#ended.delete(offset)) {
        const step = this.#checkOne(message, startedAt);
        if (step === 'too-fresh') break;
        count[step]++;
      }
      this.#checkOffset = offset + 1;
    }
    return count;
  }

  #checkOne(half: StoredMessage, startedAt: number): Step {
    const { transactionCheckMax, transactionTimeOutMs } = this.#broker.settings;
    const times = Number(half.properties[MessageProperty.TRANSACTION_CHECK_TIMES] ?? 0);
    const ageMs = startedAt - half.bornAt;
    if (times >= transactionCheckMax || ageMs > RESERVED_MS) {
      this.#append({ ...half, topic: CHECK_MAX_TOPIC, queueId: 0 });
      return 'parked';
    }
    if (half.storedAt >= startedAt) return 'too-fresh';
    const immunity: ImmunityMs = immunityOf(half.properties, transactionTimeOutMs);
    if (immunity.isOwn && ageMs <= immunity.firstCheckMs) {
      this.#renew(half, times + 1, half.properties.TRAN_PREPARED_QUEUE_OFFSET ?? String(half.queueOffset));
      return 'immune';
    }
    // A clock of the producer that is ahead makes it due at once.
    if (!immunity.isOwn && ageMs >= 0 && ageMs <= immunity.firstCheckMs) return 'too-fresh';
    const renewed = this.#renew(half, times + 1, half.properties.TRAN_PREPARED_QUEUE_OFFSET);
    return askProducer(this.#broker, renewed) ? 'asked' : 'unheard';
  }

  #renew(half: StoredMessage, checkTimes: number, preparedQueueOffset: string | undefined): StoredMessage {
    const properties = {
      ...half.properties,
      [MessageProperty.TRANSACTION_CHECK_TIMES]: String(checkTimes),
      [MessageProperty.WAIT]: 'false',
      ...(preparedQueueOffset !== undefined && { TRAN_PREPARED_QUEUE_OFFSET: preparedQueueOffset }),
    };
    return this.#append({ ...half, properties });
  }

  #append(message: IncomingMessage): StoredMessage {
    return this.#broker.store.append(message, this.#broker.storeHost);
  }
}
