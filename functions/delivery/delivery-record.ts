import type { Message } from '#rocketmq';

/** One record of an event, on its way to become a message. */
export interface DeliveryRecord {
  /** What the source knows the record by; taken from the event, never made up. */
  readonly id: string;
  /** Records with equal keys keep their order; undefined where the source promises none. */
  readonly orderingKey: string | undefined;
  /** Makes the message. What it throws fails this record alone. */
  toMessage(): Message;
}
