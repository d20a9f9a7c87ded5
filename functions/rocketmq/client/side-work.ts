/**
 * Work begun beside the sends, such as the first heartbeat of a connection; an invocation waits for it at its end, so that
 * none of it is frozen in its midst.
 */
export class SideWork {
  readonly #underWay = new Set<Promise<void>>();

  /** Pieces of work that have not settled. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Remembers work until it settles. Its failure is nobody's: the work it belongs to is due again. */
  track(work: Promise<void>): Promise<void> {
    const tracked = work.catch(() => undefined).finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
    return tracked;
  }

  /** Settles when what is under way now is done; never rejects. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
