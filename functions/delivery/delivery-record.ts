import type { Message } from '#rocketmq';

/** One record of an event, on its way to become a message. */
export interface DeliveryRecord {
  /** What the record is known by in logs and as a key of its message; taken from the event, never made up. */
  readonly id: string;
  /** Records with equal keys keep their order; undefined where the source promises none. */
  readonly orderingKey: string | undefined;
  /** Makes the message. What it throws fails this record alone. */
  toMessage(): Message;
}

/** A record of a source that takes failed ones back one by one. */
export interface BatchRecord<Identifier = string> extends DeliveryRecord {
  /** What the source calls the record in the answer, exactly as the event has it. */
  readonly itemIdentifier: Identifier;
}
