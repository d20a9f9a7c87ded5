import type { ClientInstance } from '../client/client-instance.ts';
import { MessageError, type RocketMQError } from '../errors.ts';
import type { ProducerOptions } from '../producer-options.ts';
import { MessageProperty, RESERVED_PROPERTIES } from '../protocol/message-properties.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';
import { TraceMessageType } from '../protocol/trace-record.ts';
import type { Message } from './message.ts';
import type { PreparationRules, PreparedMessage } from './prepared-message.ts';
import type { SendHookContext } from './send-hook.ts';
import type { SendLimits } from './send-loop.ts';
import type { SendResult } from './send-result.ts';
import type { SendReceipt } from './send-unit.ts';
import { TraceDispatcher } from './trace-dispatcher.ts';
import type { TransactionOutcome } from './transaction.ts';
import type { EndObserver } from './transaction-end.ts';

/** Told by the whole name, for the application's own may end in it. */
const HAS_DELAY_LEVEL = new RegExp(`(?:^|\\u0002)${MessageProperty.DELAY}\\u0001`);

/** What Java writes for a message that names no region. */
const DEFAULT_REGION = 'DefaultRegion';

const endStates: Readonly<Record<TransactionOutcome, 'COMMIT_MESSAGE' | 'ROLLBACK_MESSAGE' | 'UNKNOW'>> = {
  commit: 'COMMIT_MESSAGE',
  rollback: 'ROLLBACK_MESSAGE',
  unknown: 'UNKNOW',
};

/** A send that somebody looks at. */
export interface ObservedSend extends SendHookContext {
  /** Epoch ms. */
  readonly startedAt: number;
}

/** The hooks of a producer and its traces, told of each send. Costs nothing where there are none. */
export class SendObservers {
  readonly #group: string;
  readonly #hooks: NonNullable<ProducerOptions['sendHooks']>;
  readonly #traces: TraceDispatcher | undefined;
  readonly #now: () => number;

  constructor(
    client: ClientInstance,
    options: Readonly<Required<ProducerOptions>>,
    limits: SendLimits,
    rules: PreparationRules,
  ) {
    this.#group = options.group;
    this.#hooks = options.sendHooks;
    this.#now = rules.now;
    this.#traces = options.trace ? new TraceDispatcher(client, options.group, limits, rules) : undefined;
  }

  /**
   * Tells the hooks of a message about to be sent; undefined when nobody looks.
   * @throws MessageError when a hook adds a reserved property: past the checks of a message it could delay one inside a
   * batch, which brokers deliver at once, or make it half of a transaction; what a hook throws
   */
  begin(message: Message): ObservedSend | undefined {
    if (this.#hooks.length === 0 && this.#traces === undefined) return undefined;
    // What is no message is refused where it is prepared: a hook that looked into it would take a whole list down.
    if (typeof message !== 'object' || message === null) return undefined;
    const observed = { group: this.#group, message, extraProperties: {}, startedAt: this.#now() };
    for (const hook of this.#hooks) hook.before?.(observed);
    const reserved = Object.keys(observed.extraProperties).find((name) => RESERVED_PROPERTIES.has(name));
    if (reserved === undefined) return observed;
    throw new MessageError('properties', `a hook added property "${reserved}", which is reserved by RocketMQ`);
  }

  /** Tells that a broker confirmed it. */
  stored(observed: ObservedSend, prepared: PreparedMessage, result: SendResult, receipt: SendReceipt): void {
    this.#after(observed, { result });
    if (this.#traces === undefined || !receipt.isTraceOn || receipt.regionId === undefined) return;
    const { tag, keys, topic } = observed.message;
    this.#traces.record({
      startedAt: observed.startedAt,
      regionId: receipt.regionId,
      group: this.#group,
      topic,
      msgId: result.msgId,
      tags: tag,
      keys: keys?.join(' '),
      storeHost: receipt.addr,
      bodyBytes: receipt.bodyBytes,
      costMs: Math.max(0, this.#now() - observed.startedAt),
      messageType: messageTypeOf(prepared),
      offsetMsgId: result.offsetMsgId,
      isSuccess: result.status === 'SEND_OK',
    });
  }

  /**
   * Records ends of transactions; undefined where traces are off.
   * @param bareTopic takes the namespace off a topic.
   */
  endObserver(bareTopic: (topic: string) => string): EndObserver | undefined {
    const traces = this.#traces;
    if (traces === undefined) return undefined;
    return ({ topic, msgId, tags, keys, regionId = DEFAULT_REGION, addr: storeHost, outcome, isFromCheck }) => {
      const facts = {
        group: this.#group,
        topic: bareTopic(topic),
        msgId,
        tags,
        keys,
        regionId,
        storeHost,
        isFromCheck,
      };
      traces.record({ ...facts, endedAt: this.#now(), state: endStates[outcome] });
    };
  }

  /** Tells that it was given up. */
  failed(observed: ObservedSend, error: RocketMQError): void {
    this.#after(observed, { error });
  }

  #after(observed: ObservedSend, outcome: { readonly result: SendResult } | { readonly error: RocketMQError }): void {
    for (const hook of this.#hooks) {
      try {
        hook.after?.(observed, outcome);
      } catch {
        // The message is stored, or not, whatever a hook makes of it: its fault must not change the outcome.
      }
    }
  }
}

function messageTypeOf({ sysFlag, properties }: PreparedMessage): number {
  if ((sysFlag & MessageSysFlag.TRANSACTION_PREPARED) !== 0) return TraceMessageType.TRANSACTION_HALF;
  return HAS_DELAY_LEVEL.test(properties) ? TraceMessageType.DELAY : TraceMessageType.NORMAL;
}
