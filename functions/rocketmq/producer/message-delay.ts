import { MessageError } from '../errors.ts';
import { MessageProperty } from '../protocol/message-properties.ts';
import type { Message } from './message.ts';

/** Levels of a broker with the default `messageDelayLevel`. */
const HIGHEST_LEVEL = 18;

/** How a message is to be delivered later: as the property that says so, and whether the broker must know timers. */
export interface MessageDelay {
  readonly property: string;
  readonly value: string;
  /** A broker before 5.0 does not know the property, and delivers at once without a word. */
  readonly isTimer: boolean;
}

const fields = ['delayLevel', 'delayMs', 'delaySec', 'deliverAt'] as const;
/** A field of a message that says when it is delivered. */
export type DelayField = (typeof fields)[number];

/**
 * The delay a message asks for; undefined when it asks for none.
 * @throws MessageError when it asks for several, or for one that a broker would refuse or misunderstand.
 */
export function messageDelay(message: Message, maxDelayMs: number, now: number): MessageDelay | undefined {
  if (!asksForDelay(message)) return undefined;
  const given = fields.filter((field) => message[field] !== undefined);
  const [field] = given;
  if (field === undefined) return undefined;
  if (given.length > 1) throw new MessageError(field, `give one of ${given.join(' and ')}, not several`);
  const value = message[field] ?? 0;
  let fault = delayFault(field, value, maxDelayMs);
  if (field === 'deliverAt') fault ??= lengthFault(field, value - now, maxDelayMs);
  if (fault !== undefined) throw new MessageError(field, fault);
  if (field === 'delayLevel') return { property: MessageProperty.DELAY, value: String(value), isTimer: false };
  return { property: timerProperties[field], value: String(value), isTimer: true };
}

/** What is wrong with a delay, whenever it is asked for; undefined when nothing is. How far off an instant is, it leaves open. */
export function delayFault(field: DelayField, value: number, maxDelayMs: number): string | undefined {
  const limit = field === 'delayLevel' ? HIGHEST_LEVEL : Number.MAX_SAFE_INTEGER;
  if (!Number.isInteger(value) || value < 1 || value > limit) {
    const range = field === 'delayLevel' ? `from 1 to ${HIGHEST_LEVEL}` : 'above 0';
    return `${field} is ${value}, but must be a whole number ${range}`;
  }
  if (field === 'delayLevel' || field === 'deliverAt') return undefined;
  return lengthFault(field, field === 'delayMs' ? value : value * 1000, maxDelayMs);
}

function lengthFault(field: DelayField, delayMs: number, maxDelayMs: number): string | undefined {
  if (delayMs <= maxDelayMs) return undefined;
  return `${field} is ${delayMs} ms from now, over the limit of ${maxDelayMs} (option "maxDelayMs", the broker's timerMaxDelaySec)`;
}

const timerProperties = {
  delayMs: MessageProperty.TIMER_DELAY_MS,
  delaySec: MessageProperty.TIMER_DELAY_SEC,
  deliverAt: MessageProperty.TIMER_DELIVER_MS,
} as const;

/** The common case, without building a list for it. */
function asksForDelay({ delayLevel, delayMs, delaySec, deliverAt }: Message): boolean {
  return delayLevel !== undefined || delayMs !== undefined || delaySec !== undefined || deliverAt !== undefined;
}
