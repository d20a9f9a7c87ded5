import { deadlineAfter, settledBy } from '../deadline.ts';
import { DeadlineError } from '../errors.ts';
import type { Heartbeats } from './heartbeats.ts';

/**
 * Producer groups that send transactional messages. A broker asks the registered clients of such a group in turn for the
 * outcome of open transactions, and waits in vain for one that is frozen. So these groups are registered from an
 * invocation's first half message on, and taken off the brokers when the last invocation that runs ends.
 */
export class TransactionGroups {
  readonly #heartbeats: Heartbeats;
  readonly #known = new Set<string>();
  readonly #held = new Set<string>();
  #releasing: Promise<void> | undefined;

  constructor(heartbeats: Heartbeats) {
    this.#heartbeats = heartbeats;
  }

  /** Whether brokers may ask for the outcome of transactions now. */
  get isHolding(): boolean {
    return this.#held.size > 0;
  }

  /** Takes a group out of the ordinary heartbeats. */
  add(group: string): void {
    this.#known.add(group);
  }

  /** Those of these groups that a heartbeat may name now. */
  registrable(groups: readonly string[]): string[] {
    return groups.filter((group) => !this.#known.has(group) || this.#held.has(group));
  }

  /**
   * Registers a group at a broker, unless that was done since the last release. The heartbeat is written when this resolves;
   * what it resolves to settles with its answer.
   * @throws DeadlineError when the release under way did not end in time; what keeps the heartbeat from being written.
   */
  async hold(group: string, addr: string, timeoutMs: number): Promise<{ readonly answered: Promise<void> }> {
    // Brokers handle the end of a registration and a new one side by side: they must not be under way together.
    const limit = deadlineAfter(timeoutMs);
    const late = () => new DeadlineError(`registration of group "${group}"`, 0, 1);
    while (this.#releasing !== undefined) await settledBy(this.#releasing, limit, late);
    this.#known.add(group);
    this.#held.add(group);
    return this.#heartbeats.announce(addr, group, Math.max(1, limit.remainingMs()));
  }

  /**
   * Takes the groups off every broker; nothing is sent to one that knows none of them. Never rejects: where that fails the
   * connection is ended, and with it the registration.
   */
  async release(timeoutMs: number): Promise<void> {
    if (this.#known.size === 0 || this.#releasing !== undefined) return this.#releasing;
    this.#held.clear();
    // Not those held alone: before it became one of transactions, a group may have been named by ordinary heartbeats.
    this.#releasing = this.#heartbeats.withdraw([...this.#known], timeoutMs).finally(() => {
      this.#releasing = undefined;
    });
    return this.#releasing;
  }
}
