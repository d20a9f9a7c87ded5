import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../functions/rocketmq/protocol/response-code.ts';
import type { Answer } from './exchange.ts';

/** How many sends a server takes at a time, and what it says to more: 2 (SYSTEM_BUSY) or 215 (FLOW_CONTROL). */
export interface FlowLimit {
  readonly maxInFlight: number;
  readonly code: 2 | 215;
}

const SEND_CODES: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE,
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
]);

/** Counts the sends under way and refuses those over a limit (Java: `BrokerFastFailure`, the queue of `sendThreadPool`). */
export class FlowControl {
  /** No limit while it is `undefined`. Sends are answered at once, so more than one is under way only where a fault holds some. */
  limit: FlowLimit | undefined;
  #inFlight = 0;

  /** Sends that wait for their answer now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Counts a request in, or answers why it may not come in. */
  enter(code: number): Answer | undefined {
    if (!SEND_CODES.has(code)) return undefined;
    const { limit } = this;
    if (limit !== undefined && this.#inFlight >= limit.maxInFlight) return refusal(limit.code);
    this.#inFlight++;
    return undefined;
  }

  /** Counts a request out that was let in. */
  leave(code: number): void {
    if (SEND_CODES.has(code)) this.#inFlight--;
  }

  /** Forgets what was under way, as a server does that stops. */
  reset(): void {
    this.#inFlight = 0;
  }
}

function refusal(code: FlowLimit['code']): Answer {
  if (code === ResponseCode.FLOW_CONTROL) return { code, remark: 'flow control' };
  return { code, remark: '[OVERLOAD]system busy, start flow control for a while' };
}
