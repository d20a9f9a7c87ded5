import { type Clock, monotonicMs } from '../clock.ts';
import type { Deadline } from '../deadline.ts';

/** One kind of due work: what a resident client would do on a timer. */
export interface DueTask {
  /** Java's name of the scheduled task. */
  readonly name: string;
  /** Wall-clock age at which it is due again; asked anew each time, so that it can carry jitter. Infinity is never. */
  periodMs(): number;
  /** Why it never runs by itself, where it does not. */
  readonly note?: string;
  /** Does it, by the deadline. A rejection is recorded and leaves the task due. */
  run(deadline: Deadline): Promise<void> | void;
}

/** What a task did last; safe to log. */
export interface DueTaskReport {
  readonly name: string;
  readonly periodMs: number;
  readonly runs: number;
  readonly failures: number;
  /** Epoch ms of the last start; undefined before the first. */
  readonly lastRunAt: number | undefined;
  readonly lastMs: number | undefined;
  readonly lastError: string | undefined;
  readonly note: string | undefined;
}

/** A failed task is due again, but not before so long: an invocation a second must not try a dead server each time. */
const RETRY_AFTER_MS = 5000;

interface TaskState {
  readonly task: DueTask;
  periodMs: number;
  /** Epoch ms that its age is counted from: its last start, or the making of the client. */
  countedFromAt: number;
  dueAt: number;
  startedAt: number | undefined;
  lastMs: number | undefined;
  lastError: string | undefined;
  runs: number;
  failures: number;
  running: Promise<void> | undefined;
}

/**
 * The scheduled tasks of Java's client without its timers: each is looked at when an invocation begins, and run when it
 * is older than its period by wall clock. A clock that jumped backwards makes it due. One run of a task at a time.
 */
export class DueWork {
  readonly #clock: Clock;
  readonly #states: readonly TaskState[];
  #earliestDueAt = Number.POSITIVE_INFINITY;
  #latestCountedFromAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, tasks: readonly DueTask[]) {
    this.#clock = clock;
    const now = clock.now();
    this.#states = tasks.map((task) => {
      const periodMs = task.periodMs();
      const state = { task, periodMs, countedFromAt: now, dueAt: now + periodMs, startedAt: undefined };
      return { ...state, lastMs: undefined, lastError: undefined, runs: 0, failures: 0, running: undefined };
    });
    this.#noteNextDue();
  }

  /** Whether any task is due: two comparisons, for the path of every send. */
  get isAnyDue(): boolean {
    const now = this.#clock.now();
    return now >= this.#earliestDueAt || now < this.#latestCountedFromAt;
  }

  /** Starts every task that is due, without waiting. `finished` tells when all running ones are done. */
  start(deadline: Deadline): void {
    const now = this.#clock.now();
    for (const state of this.#states) {
      const hasJumpedBack = now < state.countedFromAt && state.periodMs !== Number.POSITIVE_INFINITY;
      if (now >= state.dueAt || hasJumpedBack) this.#launch(state, deadline, now);
    }
    this.#noteNextDue();
  }

  /** Makes a task due now, because something happened that it should not wait for. */
  makeDue(name: string): void {
    for (const state of this.#states) {
      if (state.task.name === name) state.dueAt = this.#clock.now();
    }
    this.#noteNextDue();
  }

  /** Takes a task as just done, for work that happened on its own, such as a first lookup. */
  markDone(name: string): void {
    for (const state of this.#states) {
      if (state.task.name !== name) continue;
      state.countedFromAt = this.#clock.now();
      state.dueAt = state.countedFromAt + state.periodMs;
    }
    this.#noteNextDue();
  }

  /** Settles when no task runs any more. Each ends by the deadline it was started with. */
  async finished(): Promise<void> {
    await Promise.all(this.#states.map(({ running }) => running));
  }

  /** What each task did last. */
  report(): DueTaskReport[] {
    return this.#states.map(({ task, periodMs, runs, failures, startedAt, lastMs, lastError }) => {
      const { name, note } = task;
      return { name, periodMs, runs, failures, lastRunAt: startedAt, lastMs, lastError, note };
    });
  }

  #launch(state: TaskState, deadline: Deadline, now: number): void {
    if (state.running !== undefined) return;
    state.periodMs = state.task.periodMs();
    state.startedAt = now;
    state.countedFromAt = now;
    state.dueAt = now + state.periodMs;
    state.runs++;
    state.running = this.#execute(state, deadline).finally(() => {
      state.running = undefined;
    });
  }

  async #execute(state: TaskState, deadline: Deadline): Promise<void> {
    const startedAt = monotonicMs();
    try {
      await state.task.run(deadline);
      state.lastError = undefined;
    } catch (error) {
      state.failures++;
      state.lastError = error instanceof Error ? error.message : String(error);
      state.dueAt = this.#clock.now() + Math.min(state.periodMs, RETRY_AFTER_MS);
      this.#noteNextDue();
    }
    state.lastMs = Math.round(monotonicMs() - startedAt);
  }

  #noteNextDue(): void {
    const timed = this.#states.filter(({ periodMs }) => periodMs !== Number.POSITIVE_INFINITY);
    this.#earliestDueAt = Math.min(...timed.map(({ dueAt }) => dueAt));
    this.#latestCountedFromAt = Math.max(...timed.map(({ countedFromAt }) => countedFromAt));
  }
}
