import type { Clock } from '../../../../functions/rocketmq/clock.ts';

/** A clock that stands still until it is moved, in either direction. */
export class GivenClock implements Clock {
  nowMs: number;

  constructor(nowMs = 1_700_000_000_000) {
    this.nowMs = nowMs;
  }

  now(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }
}
