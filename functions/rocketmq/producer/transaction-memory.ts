/** What a client knows of a transaction: it runs, it is to end so, or its message is delivered. */
type TransactionState = 'running' | 'commit' | 'rollback' | 'delivered';

const MOST_ENDED = 5_000;

/**
 * Transactions of one client, for the checks that come to it. Survives a freeze; the oldest are forgotten. What another
 * process has to know belongs into a transaction log.
 */
export class TransactionMemory {
  readonly #states = new Map<string, TransactionState>();

  get(msgId: string): TransactionState | undefined {
    return this.#states.get(msgId);
  }

  set(msgId: string, state: TransactionState): void {
    this.#states.delete(msgId);
    this.#states.set(msgId, state);
    for (const oldest of this.#states.keys()) {
      if (this.#states.size <= MOST_ENDED) break;
      this.#states.delete(oldest);
    }
  }

  /** Forgets a transaction whose outcome is not known here. */
  delete(msgId: string): void {
    this.#states.delete(msgId);
  }
}
