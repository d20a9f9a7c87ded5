import { type Deadline, DeadlineError } from '#rocketmq';

/** Lets so many works run at a time, and the others wait for their turn in the order they came. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param atOnce how many may run at a time, from 1. */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Runs a work when its turn has come, and settles as it does.
   * @throws DeadlineError when its time was up before: nobody waits for it any more, and it is not to hold up those behind it.
   */
  async run<T>(work: () => Promise<T>, deadline: Deadline): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free--;
    try {
      const remainingMs = deadline.remainingMs();
      if (remainingMs <= 0) throw new DeadlineError('work that waited for its turn', remainingMs, 1);
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
