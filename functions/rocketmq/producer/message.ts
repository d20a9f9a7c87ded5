/** A message to send. Never changed by sending it. */
export interface Message {
  readonly topic: string;
  /** Not empty. A string is sent as UTF-8; bytes are not copied, and must stay as they are until the send has ended. */
  readonly body: Uint8Array | string;
  /** One tag, for consumers' filters. */
  readonly tag?: string;
  /** Words that the message can be found by; none may hold a blank. */
  readonly keys?: readonly string[];
  /** The application's own properties: names and values not empty, without \u0001 and \u0002, no reserved names. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Messages with equal keys go to one queue, in the order in which they were sent. */
  readonly shardingKey?: string;
  /** The application's own 32-bit number. */
  readonly flag?: number;
  /** False lets the broker answer before the message is flushed and replicated as it is configured to. */
  readonly waitStoreMsgOk?: boolean;
  /**
   * Message id (`UNIQ_KEY`), for messages that must carry the same one when they are sent again; made when absent. Refused by
   * `sendTransaction`: what happens twice is told there by the key of the business row.
   */
  readonly msgId?: string;
  /** Delivered after the time of one of the broker's levels, 1 to 18: 1s 5s 10s 30s 1m … 10m 20m 30m 1h 2h by default. */
  readonly delayLevel?: number;
  /** Delivered so many milliseconds from now; 5.x brokers only, to about a second. */
  readonly delayMs?: number;
  /** Delivered so many seconds from now; 5.x brokers only. */
  readonly delaySec?: number;
  /** Delivered at an instant, epoch ms; 5.x brokers only, to about a second. At once when it has passed. */
  readonly deliverAt?: number;
}
