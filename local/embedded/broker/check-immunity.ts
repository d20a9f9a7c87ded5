import { type MessageProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';

/** How long a half message is left alone, in ms since its birth. */
export interface ImmunityMs {
  /** Whether the message names a time of its own (CHECK_IMMUNITY_TIME_IN_SECONDS). */
  readonly isOwn: boolean;
  /** Until then it is not checked. */
  readonly firstCheckMs: number;
  /** Until then its producer may end it without being asked; only a time of its own limits that. */
  readonly lastEndMs: number;
}

/** Immunity of a half message (Java: `TransactionalMessageUtil.getImmunityTime`, and its namesake of the check). */
export function immunityOf(properties: MessageProperties, timeOutMs: number): ImmunityMs {
  const own = properties[MessageProperty.CHECK_IMMUNITY_TIME_IN_SECONDS];
  if (own === undefined) return { isOwn: false, firstCheckMs: timeOutMs, lastEndMs: Number.POSITIVE_INFINITY };
  const isUsable = /^\d{1,15}$/.test(own);
  const ownMs = isUsable ? Number(own) * 1000 : timeOutMs;
  return { isOwn: true, firstCheckMs: ownMs, lastEndMs: Math.max(ownMs, timeOutMs) };
}
