import type { RocketMQError } from '../errors.ts';
import type { Message } from './message.ts';
import type { SendResult } from './send-result.ts';

/** A send, as hooks see it. */
export interface SendHookContext {
  /** Producer group. */
  readonly group: string;
  /** As the caller gave it; not to be changed. */
  readonly message: Message;
  /** Properties to send besides the message's own, such as a trace context. Hooks before the send may add to it. */
  readonly extraProperties: Record<string, string>;
}

/**
 * Looks at each message before it is sent and after (Java: `SendMessageHook`): the seam for tracing and metrics. Hooks run
 * in their order. A hook that throws before the send keeps the message from being sent; after it, the error is dropped.
 */
export interface SendHook {
  before?(context: SendHookContext): void;
  after?(context: SendHookContext, outcome: { readonly result: SendResult } | { readonly error: RocketMQError }): void;
}
