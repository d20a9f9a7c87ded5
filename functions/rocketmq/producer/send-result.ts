import type { MessageQueue } from '../client/topic-publish-info.ts';
import type { RocketMQError } from '../errors.ts';

/**
 * How a stored message was stored: `SEND_OK`, or on the master only, because its disk or its slave did not confirm in
 * time. All four are stored; sending again would duplicate.
 */
export type SendStatus = 'SEND_OK' | 'FLUSH_DISK_TIMEOUT' | 'FLUSH_SLAVE_TIMEOUT' | 'SLAVE_NOT_AVAILABLE';

/** A message that a broker confirmed. */
export interface SendResult {
  readonly status: SendStatus;
  /** Client message id, the property `UNIQ_KEY`: what consumers see, the same over all attempts. */
  readonly msgId: string;
  /** Where the broker stored it: its address and commit log offset in hex. */
  readonly offsetMsgId: string;
  /** Its topic comes without the namespace. */
  readonly queue: MessageQueue;
  /** Of a scheduled message, the offset in the broker's own queue for those. */
  readonly queueOffset: number;
  /** Attempts made, the successful one included; 0 of a message that was found stored, and not sent. */
  readonly attempts: number;
  /** An earlier attempt, or a first copy on a connection that ended, was written and not answered: the message may be stored twice, under the same `msgId`. */
  readonly isPossibleDuplicate: boolean;
  readonly regionId: string | undefined;
  /** Names a message with a delay in ms or an instant of delivery for `recall`; brokers from 5.3.2 on give one. */
  readonly recallHandle: string | undefined;
}

/** What became of one message of `sendAll`. */
export type SendOutcome =
  | { readonly status: 'stored'; readonly result: SendResult }
  | { readonly status: 'failed'; readonly error: RocketMQError };
