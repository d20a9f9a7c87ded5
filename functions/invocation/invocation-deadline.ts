import type { Deadline } from '#rocketmq';

/**
 * The deadline of an invocation: what Lambda says is left, less a reserve for the answer. Asked anew each time, so that
 * it stays true over slow set-up and a freeze.
 */
export function invocationDeadline(context: { getRemainingTimeInMillis(): number }, reserveMs: number): Deadline {
  return { remainingMs: () => context.getRemainingTimeInMillis() - reserveMs };
}
