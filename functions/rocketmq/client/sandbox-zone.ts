import { type Deadline, earlierOf } from '../deadline.ts';
import { called, SharedWork } from './shared-work.ts';

/** The first send waits no longer than this for the zone; without it, it goes to any broker. */
const FIND_LIMIT_MS = 250;

type FetchZone = (deadline: Deadline) => Promise<string | undefined>;

/** The zone that this process runs in: as given, or as found out beside the first question for a route. Survives a freeze. */
export class SandboxZone {
  #zone: string | undefined;
  readonly #fetchZone: FetchZone | undefined;
  #isFound: boolean;
  readonly #questions = new SharedWork<void>();

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
    const fetchZone = this.#fetchZone;
    if (this.#isFound || fetchZone === undefined) return;
    const late = () => new Error('the zone was not found out in time');
    const ask = async (limit: Deadline) => {
      this.#zone = await called(fetchZone, limit, late);
      this.#isFound = true;
    };
    await this.#questions.run(earlierOf(deadline, FIND_LIMIT_MS), ask, late);
  }
}
