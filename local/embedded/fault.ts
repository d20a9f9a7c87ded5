import type { RemotingCommand } from '../../functions/rocketmq/protocol/remoting-command.ts';

/** Which requests a fault strikes, and how often. */
export interface FaultScope {
  /** Request codes; all when absent. */
  readonly codes?: readonly number[];
  /** Topic named in the request header; all when absent. */
  readonly topic?: string;
  /** Any further condition on the request. */
  readonly when?: (request: RemotingCommand) => boolean;
  /** How many requests it strikes before it ends by itself; until it is removed when absent. */
  readonly times?: number;
}

/** How a connection is closed: in order, or by a reset. */
export type CloseKind = 'FIN' | 'RST';

/** What happens to a request instead of an ordinary answer. */
export type FaultEffect =
  /** Answers a code. Nothing is stored, unless `isStored` says so, as with the codes 10, 11 and 12. */
  | { readonly kind: 'answer'; readonly code: number; readonly remark?: string; readonly isStored?: boolean }
  /**
   * Answers later, other requests of the connection do not wait: after so many ms, or when a promise settles. With `isHeld`
   * the request is not even processed before, so that a later send is stored first.
   */
  | { readonly kind: 'delay'; readonly until: number | Promise<unknown>; readonly isHeld?: boolean }
  /** Never answers; whether the request is processed (stored) all the same. */
  | { readonly kind: 'no-answer'; readonly isStored: boolean }
  /** Closes the connection instead of answering, before or after the request was processed (stored). */
  | { readonly kind: 'close'; readonly how: CloseKind; readonly isStored: boolean };

export type Fault = FaultScope & FaultEffect;
