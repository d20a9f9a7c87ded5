import { type Deadline, earlierBy, settledBy } from '../deadline.ts';

/** What is given up has ended by then where it keeps to the deadline it was told: no timer or socket of it is frozen. */
const LEAD_MS = 20;
/** Timers end a little before or after the instant that they were set for. */
const TIMER_SLACK_MS = 5;

/**
 * Work for everybody who wants it done now: one begins it, the others join. Each waits no longer than its own deadline, and
 * nobody fails because of the little time of the one who began.
 */
export class SharedWork<T> {
  #underWay: { readonly work: Promise<T>; readonly deadline: Deadline } | undefined;

  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /**
   * Joins the work under way, or begins it. Joined work that failed when the time of the one who began it was up is begun anew.
   * @param begin has to settle by the deadline it is given.
   * @throws what `begin` throws, or `late` makes when the deadline passes first.
   */
  async run(deadline: Deadline, begin: (deadline: Deadline) => Promise<T>, late: () => Error): Promise<T> {
    for (;;) {
      const joined = this.#underWay;
      if (joined === undefined) return this.#begin(deadline, begin);
      try {
        return await settledBy(joined.work, deadline, late);
      } catch (error) {
        if (!isUp(joined.deadline) || isUp(deadline)) throw error;
      }
    }
  }

  #begin(deadline: Deadline, begin: (deadline: Deadline) => Promise<T>): Promise<T> {
    const work = begin(deadline).finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = { work, deadline };
    return work;
  }
}

/** Whether work that was to end by a deadline may have failed because of it. */
export function isUp(deadline: Deadline): boolean {
  return deadline.remainingMs() <= LEAD_MS + TIMER_SLACK_MS;
}

/**
 * Calls a function that somebody else wrote. It is told to end a little before the deadline; one that does not is not waited
 * for, and what it finds later is not taken.
 * @throws what it throws, or `late` makes.
 */
export async function called<T>(
  call: (deadline: Deadline) => Promise<T>,
  deadline: Deadline,
  late: () => Error,
): Promise<T> {
  return settledBy(call(earlierBy(deadline, LEAD_MS)), deadline, late);
}
