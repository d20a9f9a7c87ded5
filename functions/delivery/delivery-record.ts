import type { Message } from '#rocketmq';

/** One record of an event, on its way to become a message. */
export interface DeliveryRecord {
  /** What the record is known by in logs and as a key of its message; taken from the event, never made up. */
  readonly id: string;
  /** Records with equal keys keep their order; undefined where the source promises none. */
  readonly orderingKey: string | undefined;
  /** Whether a mapping leaves the record out: then no message is made of it. What it throws fails this record alone. */
  readonly isFiltered?: () => boolean;
  /** Whether the record is let go when its message can never be stored; else it is reported, as every other failure. */
  readonly isDroppable?: boolean;
  /** Whether the source says that it delivered the record before; absent where it does not say. */
  readonly isRedelivered?: boolean;
  /** Epoch ms at which the source first delivered the record; absent where it does not say. */
  readonly firstDeliveredAt?: number;
  /** Makes the message. What it throws fails this record alone. */
  toMessage(): Message;
}

/** A record whose caller named the message himself: it is sent, or it has failed. */
export interface SentRecord extends DeliveryRecord {
  readonly isFiltered?: never;
  readonly isDroppable?: never;
}

/** A record of a source that takes failed ones back one by one. */
export interface BatchRecord<Identifier = string> extends DeliveryRecord {
  /** What the source calls the record in the answer, exactly as the event has it. */
  readonly itemIdentifier: Identifier;
}
