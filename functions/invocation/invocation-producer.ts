import {
  type Deadline,
  deadlineAfter,
  earlierOf,
  type LocalTransaction,
  type Message,
  type Producer,
  type QueryOptions,
  type QueryResult,
  type ReplyMessage,
  type SendAllOptions,
  type SendOptions,
  type SendOutcome,
  type SendResult,
  type TransactionCheckListener,
  type TransactionOptions,
  type TransactionResult,
} from '#rocketmq';

/** Then it is looked again: the deadline may be farther than a timer goes. */
const LONGEST_WAIT_MS = 60_000;
/** What ends by the deadline ends a moment after it, for timers are late. */
const TIMERS_LATE_MS = 20;

/**
 * The warm producer as one invocation has it: nothing that it does outlasts the invocation's deadline, whether the handler
 * thinks of it or not. A sandbox that Lambda stops loses all that it keeps warm, and every other record of the batch. Nor does
 * anything of it go on behind the end of the invocation, which waits until it has `settled`.
 */
export class InvocationProducer implements Producer {
  readonly group: string;
  readonly #producer: Producer;
  readonly #deadline: Deadline;
  /** For calls without options, of which each would make its own. */
  readonly #deadlineAlone: { readonly deadline: Deadline };
  /** Calls that have not settled. */
  #underWay = 0;
  #onSettled: (() => void) | undefined;

  // For all calls, of which `finally` would make two functions and two promises each.
  readonly #succeeded = <T>(result: T): T => {
    if (--this.#underWay === 0) this.#onSettled?.();
    return result;
  };

  readonly #failed = (error: unknown): never => {
    this.#succeeded(undefined);
    throw error;
  };

  constructor(producer: Producer, deadline: Deadline) {
    this.group = producer.group;
    this.#producer = producer;
    this.#deadline = deadline;
    this.#deadlineAlone = { deadline };
  }

  send(message: Message, options?: SendOptions): Promise<SendResult> {
    return this.#tracked(this.#producer.send(message, this.#inTime(options)));
  }

  sendOneway(message: Message, options?: SendOptions): Promise<void> {
    return this.#tracked(this.#producer.sendOneway(message, this.#inTime(options)));
  }

  sendAll(messages: readonly Message[], options?: SendAllOptions): Promise<SendOutcome[]> {
    return this.#tracked(this.#producer.sendAll(messages, this.#inTime(options)));
  }

  request(message: Message, timeoutMs: number, options?: SendOptions): Promise<ReplyMessage> {
    return this.#tracked(this.#producer.request(message, timeoutMs, this.#inTime(options)));
  }

  recall(topic: string, recallHandle: string, options?: SendAllOptions): Promise<string> {
    return this.#tracked(this.#producer.recall(topic, recallHandle, this.#inTime(options)));
  }

  queryMessageByUniqKey(message: Message, options?: QueryOptions): Promise<QueryResult> {
    return this.#tracked(this.#producer.queryMessageByUniqKey(message, this.#inTime(options)));
  }

  sendTransaction(
    message: Message,
    localTransaction: LocalTransaction,
    options?: TransactionOptions,
  ): Promise<TransactionResult> {
    return this.#tracked(this.#producer.sendTransaction(message, localTransaction, this.#inTime(options)));
  }

  onTransactionCheck(listener: TransactionCheckListener): Promise<void> {
    return this.#producer.onTransactionCheck(listener);
  }

  awaitTransactionChecks(topics: readonly string[], options?: SendAllOptions): Promise<void> {
    return this.#tracked(this.#producer.awaitTransactionChecks(topics, this.#inTime(options)));
  }

  shutdown(deadline: Deadline = this.#deadline): Promise<void> {
    return this.#producer.shutdown(deadline);
  }

  /**
   * Settles when all that was begun has, awaited or not: a handler that failed beside it, as by `Promise.all`, awaits nothing more.
   * No later than a moment after the deadline, and never rejects.
   */
  async settled(): Promise<void> {
    if (this.#underWay === 0) return;
    const limit = deadlineAfter(Math.max(0, this.#deadline.remainingMs()) + TIMERS_LATE_MS);
    while (this.#underWay > 0 && limit.remainingMs() > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(LONGEST_WAIT_MS, limit.remainingMs()));
        this.#onSettled = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      // Whoever waited for the last call may begin another one now.
      await new Promise(setImmediate);
    }
  }

  #tracked<T>(call: Promise<T>): Promise<T> {
    this.#underWay++;
    return call.then<T>(this.#succeeded, this.#failed);
  }

  /** The options with the invocation's deadline, or an earlier one of their own. What cannot be options is refused later. */
  #inTime<T extends SendAllOptions>(options: T | undefined): T | { readonly deadline: Deadline } {
    if (options === undefined) return this.#deadlineAlone;
    if (typeof options !== 'object' || options === null || Array.isArray(options)) return options;
    const { deadline: own } = options;
    const deadline = this.#deadline;
    if (own === deadline) return options;
    if (own === undefined) return { ...options, deadline };
    if (typeof own?.remainingMs !== 'function') return options;
    return { ...options, deadline: earlierOf(own, deadline) };
  }
}
