/** A message to send. Never changed by sending it. */
export interface Message {
  readonly topic: string;
  /** Not empty. A string is sent as UTF-8. */
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
  /** Message id (`UNIQ_KEY`), for messages that must carry the same one when they are sent again; made when absent. */
  readonly msgId?: string;
}
