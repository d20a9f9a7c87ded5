import type { MessageQueue } from '../client/topic-publish-info.ts';
import { checkedDeadline, type Deadline } from '../deadline.ts';
import { OptionsError } from '../errors.ts';
import { type OptionRule, objectFault, valueFault } from '../options.ts';
import type { Message } from './message.ts';
import type { QueryOptions } from './message-query.ts';

/** How a `sendAll` is to be done. */
export interface SendAllOptions {
  /** When it has to be finished, at the latest; for each request the producer's `sendTimeoutMs` counts besides. */
  readonly deadline?: Deadline;
}

/** How a `send` is to be done. */
export interface SendOptions extends SendAllOptions {
  /** Queue to send to; every attempt goes there. Not together with a sharding key. */
  readonly queue?: MessageQueue;
  /** Chooses the queue among those that can be written (Java: `MessageQueueSelector`). Not together with a sharding key. */
  readonly selectQueue?: (queues: readonly MessageQueue[], message: Message) => MessageQueue;
}

/** How a transactional message is to be sent. */
export interface TransactionOptions extends SendOptions {
  /**
   * How long the broker asks nobody for the outcome, in ms, rounded up to seconds; after it a commit is refused. Default:
   * the broker's `transactionTimeOut` (6 s), after which it asks and still takes a commit. To be given only when a local
   * transaction takes longer: every round of checks stores a message with an immunity time again (docs/transactions.md).
   */
  readonly immunityMs?: number;
}

/** Options of a list of messages, of one, of one in a transaction, and of a query. */
export type CallOptions = 'list' | 'send' | 'transaction' | 'query';

const KNOWN: Readonly<Record<CallOptions, ReadonlySet<string>>> = {
  list: new Set<keyof SendAllOptions>(['deadline']),
  send: new Set<keyof SendOptions>(['deadline', 'queue', 'selectQueue']),
  transaction: new Set<keyof TransactionOptions>(['deadline', 'queue', 'selectQueue', 'immunityMs']),
  query: new Set<keyof QueryOptions>(['deadline', 'storedSince']),
};

/** What those take that nothing else looks at before they are used. */
const RULES: Readonly<Record<string, OptionRule>> = {
  queue: { type: 'object', meaning: 'Queue to send to' },
  selectQueue: { type: 'function', meaning: 'Chooses the queue' },
  storedSince: { type: 'integer', hint: 'in epoch ms', meaning: 'Before it, it was not stored' },
};

/**
 * Refuses options that a call does not know or cannot use, and a deadline that is none: left alone, the send would outlast it.
 * @param call what is called, as errors name it.
 * @returns the options.
 * @throws OptionsError
 */
export function checkedOptions<T extends SendAllOptions>(call: string, kind: CallOptions, options: T): T {
  const fault = objectFault(options);
  if (fault !== undefined) throw new OptionsError(call, [fault]);
  const known = KNOWN[kind];
  for (const name in options) {
    if (!known.has(name)) {
      throw new OptionsError(call, [`unknown option "${name}" (known: ${Array.from(known).join(', ')})`]);
    }
    const value = options[name];
    const rule = RULES[name];
    const wrong = rule === undefined || value === undefined ? undefined : valueFault(name, value, rule);
    if (wrong !== undefined) throw new OptionsError(call, [wrong]);
  }
  const { deadline } = options;
  if (deadline !== undefined) checkedDeadline(call, deadline);
  return options;
}
