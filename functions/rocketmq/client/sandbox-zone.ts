import { type Deadline, earlierOf } from '../deadline.ts';

/** The first send waits no longer than this for the zone; without it, it goes to any broker. */
const FIND_LIMIT_MS = 250;

type FetchZone = (deadline: Deadline) => Promise<string | undefined>;

/** The zone that this process runs in: as given, or as found out beside the first question for a route. Survives a freeze. */
export class SandboxZone {
  #zone: string | undefined;
  readonly #fetchZone: FetchZone | undefined;
  #isFound: boolean;
  #finding: Promise<void> | undefined;

  constructor(zone: string | undefined, fetchZone: FetchZone | undefined) {
    this.#zone = zone;
    this.#fetchZone = fetchZone;
    this.#isFound = zone !== undefined || fetchZone === undefined;
  }

  /** Its name; undefined while it is not known. */
  get name(): string | undefined {
    return this.#zone;
  }

  /**
   * Finds it out, unless that was done: one question at a time. One that cannot be known is not asked for again; after a
   * failure the next call asks. @throws what the question throws
   */
  async find(deadline: Deadline): Promise<void> {
    if (this.#isFound || this.#fetchZone === undefined) return;
    this.#finding ??= this.#fetchZone(earlierOf(deadline, FIND_LIMIT_MS))
      .then((zone) => {
        this.#zone = zone;
        this.#isFound = true;
      })
      .finally(() => {
        this.#finding = undefined;
      });
    await this.#finding;
  }
}
