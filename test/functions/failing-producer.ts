import {
  BrokerError,
  deadlineAfter,
  type Message,
  MessageError,
  type Producer,
  type QueryResult,
  RemotingTimeoutError,
  type SendResult,
} from '#rocketmq';
import type { DeliveryOptions } from '../../functions/delivery/deliver.ts';

/** How a send can fail: nothing is stored, or it is and no answer comes, or no retry can help. */
export const failureKinds = ['refused', 'unknown', 'permanent'] as const;
export type FailureKind = (typeof failureKinds)[number];

/** In place of a producer and its cluster: keeps what it is sent, and fails messages by their first key. */
export class FailingProducer implements Pick<Producer, 'send' | 'queryMessageByUniqKey'> {
  readonly stored: Message[] = [];
  readonly failures = new Map<string, FailureKind>();
  /** Keys of messages under way, by sharding key: more than one of a key at once would be out of order. */
  readonly #underWay = new Set<string>();

  readonly send = async (message: Message): Promise<SendResult> => {
    const { shardingKey, keys = [] } = message;
    if (shardingKey !== undefined) {
      if (this.#underWay.has(shardingKey)) throw new Error(`two messages of ${shardingKey} at once`);
      this.#underWay.add(shardingKey);
    }
    await new Promise(setImmediate);
    if (shardingKey !== undefined) this.#underWay.delete(shardingKey);
    const failure = this.failures.get(keys[0] ?? '');
    if (failure === 'permanent') throw new MessageError('body', 'too large');
    if (failure === 'refused') {
      throw new BrokerError('a:10911', { code: 2, name: 'SYSTEM_BUSY', remark: undefined, retryable: true });
    }
    this.stored.push(message);
    if (failure === 'unknown') throw new RemotingTimeoutError('a:10911', 1, 1000);
    return resultOf(message, this.stored.length - 1, 1);
  };

  /** Finds what is stored at once, as a broker does whose index is built. */
  readonly queryMessageByUniqKey = async (message: Message): Promise<QueryResult> => {
    await new Promise(setImmediate);
    const place = this.stored.findIndex(({ msgId }) => msgId === message.msgId);
    return { stored: place === -1 ? undefined : resultOf(message, place, 0), unanswered: [] };
  };

  /** What `deliver` wants, with time enough. */
  get options(): DeliveryOptions {
    return { producer: this, deadline: deadlineAfter(20_000), record: () => undefined };
  }
}

function resultOf({ topic, msgId = '' }: Message, queueOffset: number, attempts: number): SendResult {
  return {
    status: 'SEND_OK',
    msgId,
    offsetMsgId: '',
    queue: { topic, brokerName: 'a', queueId: 0 },
    queueOffset,
    attempts,
    isPossibleDuplicate: false,
    regionId: undefined,
    recallHandle: undefined,
  };
}
