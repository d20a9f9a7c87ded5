import type { Clock } from '../clock.ts';
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
  private readonly clock: Clock;
  private readonly states: readonly TaskState[];
  private earliestDueAt: number;

  constructor(clock: Clock, tasks: readonly DueTask[]) {
    this.clock = clock;
    const now = clock.now();
    this.states = tasks.map((task) => {
      const periodMs = task.periodMs();
      const state = { task, periodMs, dueAt: now + periodMs, startedAt: undefined, lastMs: undefined };
      return { ...state, lastError: undefined, runs: 0, failures: 0, running: undefined };
    });
    this.earliestDueAt = this.nextDueAt();
  }

  /** Whether any task is due: one comparison, for the path of every send. */
  get isAnyDue(): boolean {
    return this.clock.now() >= this.earliestDueAt;
  }

  /** Starts every task that is due, without waiting. `finished` tells when all running ones are done. */
  start(deadline: Deadline): void {
    const now = this.clock.now();
    for (const state of this.states) {
      const hasJumpedBack = state.startedAt !== undefined && now < state.startedAt;
      if (now >= state.dueAt || hasJumpedBack) this.launch(state, deadline, now);
    }
    this.earliestDueAt = this.nextDueAt();
  }

  /** Runs one task now, or joins its running one. Never rejects: `report` says how it went. */
  runNow(name: string, deadline: Deadline): Promise<void> {
    const state = this.states.find(({ task }) => task.name === name);
    if (state === undefined) throw new RangeError(`no due task named ${name}`);
    this.launch(state, deadline, this.clock.now());
    this.earliestDueAt = this.nextDueAt();
    return state.running ?? Promise.resolve();
  }

  /** Takes a task as just done, for work that happened on its own, such as a first lookup. */
  markDone(name: string): void {
    for (const state of this.states) {
      if (state.task.name === name) state.dueAt = this.clock.now() + state.periodMs;
    }
    this.earliestDueAt = this.nextDueAt();
  }

  /** Settles when no task runs any more. Each ends by the deadline it was started with. */
  async finished(): Promise<void> {
    await Promise.all(this.states.map(({ running }) => running));
  }

  /** What each task did last. */
  report(): DueTaskReport[] {
    return this.states.map(({ task, periodMs, runs, failures, startedAt, lastMs, lastError }) => {
      const { name, note } = task;
      return { name, periodMs, runs, failures, lastRunAt: startedAt, lastMs, lastError, note };
    });
  }

  private launch(state: TaskState, deadline: Deadline, now: number): void {
    if (state.running !== undefined) return;
    state.periodMs = state.task.periodMs();
    state.startedAt = now;
    state.dueAt = now + state.periodMs;
    state.runs++;
    state.running = this.execute(state, deadline).finally(() => {
      state.running = undefined;
    });
  }

  private async execute(state: TaskState, deadline: Deadline): Promise<void> {
    const startedAt = performance.now();
    try {
      await state.task.run(deadline);
      state.lastError = undefined;
    } catch (error) {
      state.failures++;
      state.lastError = error instanceof Error ? error.message : String(error);
      state.dueAt = this.clock.now() + Math.min(state.periodMs, RETRY_AFTER_MS);
      this.earliestDueAt = this.nextDueAt();
    }
    state.lastMs = Math.round(performance.now() - startedAt);
  }

  private nextDueAt(): number {
    return Math.min(...this.states.map(({ dueAt }) => dueAt));
  }
}
