const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Delays of the levels 1 to 18 (Java: `MessageStoreConfig.messageDelayLevel`). */
const LEVEL_DELAYS_MS = [
  ...[1, 5, 10, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2].map((hours) => hours * HOUR_MS),
];

/** What instants of timer messages are rounded down to, in ms. */
export const TIMER_PRECISION_MS = SECOND_MS;

/** Queue of SCHEDULE_TOPIC_XXXX that a level (1 and up) waits in; a level above 18 counts as 18. */
export function delayQueueId(level: number): number {
  return Math.min(level, LEVEL_DELAYS_MS.length) - 1;
}

/** How long a level (1 and up) waits, in ms. */
export function delayOfLevelMs(level: number): number {
  return LEVEL_DELAYS_MS[delayQueueId(level)] ?? 0;
}
