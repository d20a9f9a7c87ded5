import type { RocketMQError, SendOutcome } from '#rocketmq';

/**
 * What became of one record of an event. `filtered`: a mapping does not want it; `dropped`: its message could never be
 * stored, and the function is told to let such records go. Neither was sent, and for their source both are done.
 */
export type RecordOutcome =
  | SendOutcome
  | { readonly status: 'filtered' }
  | { readonly status: 'dropped'; readonly error: RocketMQError };
