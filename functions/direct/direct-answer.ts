import type { SendOutcome } from '#rocketmq';
import type { DeliveredRecord } from '../delivery/deliver.ts';
import { throwIfAnyFailed } from '../delivery/delivery-error.ts';
import type { SentRecord } from '../delivery/delivery-record.ts';
import type { DirectEvent } from './direct-event.ts';

/** What became of one message. */
export type DirectResult =
  | {
      readonly status: 'stored';
      readonly msgId: string;
      readonly offsetMsgId: string;
      readonly topic: string;
      readonly brokerName: string;
      readonly queueId: number;
      readonly queueOffset: number;
      /** Takes a message with a delay back; brokers from 5.3.2 on give one. */
      readonly recallHandle?: string;
    }
  | {
      readonly status: 'failed';
      readonly code: string;
      readonly message: string;
      /** Whether sending it again can help. */
      readonly retryable: boolean;
      /** Whether it may be stored all the same: `unknown`. */
      readonly outcome: 'refused' | 'notSent' | 'unknown';
    };

/**
 * The result of one message, or the results of a list in its order.
 * @throws DeliveryError when a message is not stored, unless the caller wants that reported.
 */
export function directAnswer(
  { isSingle, onFailure }: DirectEvent,
  delivered: readonly DeliveredRecord<SentRecord, SendOutcome>[],
): DirectResult | DirectResult[] {
  if (onFailure === 'throw') throwIfAnyFailed(delivered);
  const results = delivered.map(resultOf);
  const [first] = results;
  return isSingle && first !== undefined ? first : results;
}

function resultOf({ outcome }: DeliveredRecord<SentRecord, SendOutcome>): DirectResult {
  if (outcome.status === 'failed') {
    const { code, message, retryable, outcome: sent } = outcome.error;
    return { status: 'failed', code, message, retryable, outcome: sent };
  }
  const { msgId, offsetMsgId, queue, queueOffset, recallHandle } = outcome.result;
  return {
    status: 'stored',
    msgId,
    offsetMsgId,
    topic: queue.topic,
    brokerName: queue.brokerName,
    queueId: queue.queueId,
    queueOffset,
    ...(recallHandle === undefined ? {} : { recallHandle }),
  };
}
