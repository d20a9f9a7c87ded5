interface Waiting {
  readonly dueAt: number;
  readonly deliver: () => void;
  readonly recallKey: string | undefined;
}

/** Messages that wait for their instant, earliest first; those of one instant in the order they came. */
export class DueMessages {
  readonly #waiting: Waiting[] = [];

  /** Epoch ms of the first; `undefined` when there is none. */
  get nextDueAt(): number | undefined {
    return this.#waiting[0]?.dueAt;
  }

  /** Adds a message; with a key it can be recalled. */
  add(dueAt: number, deliver: () => void, recallKey?: string): void {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#waiting[middle];
      if (entry !== undefined && entry.dueAt <= dueAt) low = middle + 1;
      else high = middle;
    }
    this.#waiting.splice(low, 0, { dueAt, deliver, recallKey });
  }

  /** Forgets the messages of a key. */
  recall(recallKey: string): void {
    const kept = this.#waiting.filter((waiting) => waiting.recallKey !== recallKey);
    this.#waiting.splice(0, this.#waiting.length, ...kept);
  }

  /** Delivers everything due at an instant, in order. */
  deliver(now: number): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || next.dueAt > now) return;
      this.#waiting.shift();
      next.deliver();
    }
  }
}
