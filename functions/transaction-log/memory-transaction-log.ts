import { TransactionDecidedError } from './transaction-decided-error.ts';
import type { AskedTransaction, TransactionLog } from './transaction-log.ts';

/** A transaction log in the memory of one process, for the local run and for tests: it does not survive its process. */
export class MemoryTransactionLog implements TransactionLog {
  readonly #outcomes = new Map<string, 'commit' | 'rollback' | 'delivered'>();
  readonly #patienceMs: number;
  readonly #now: () => number;

  /** @param patienceMs how old a half message must be before its absence means rollback; default 60 s. */
  constructor({ patienceMs = 60_000, now = () => Date.now() }: { patienceMs?: number; now?: () => number } = {}) {
    this.#patienceMs = patienceMs;
    this.#now = now;
  }

  /** Writes the commit of a transaction, once or again. @throws TransactionDecidedError when it was rolled back */
  commit(msgId: string): void {
    const outcome = this.#outcomes.get(msgId);
    if (outcome === 'rollback') throw new TransactionDecidedError(msgId);
    if (outcome === undefined) this.#outcomes.set(msgId, 'commit');
  }

  async decide({ msgId, bornAt }: AskedTransaction): Promise<'commit' | 'rollback' | 'unknown'> {
    const outcome = this.#outcomes.get(msgId);
    if (outcome === 'commit') return 'commit';
    if (outcome === undefined && this.#now() - bornAt < this.#patienceMs) return 'unknown';
    if (outcome === undefined) this.#outcomes.set(msgId, 'rollback');
    return 'rollback';
  }

  async markDelivered(msgId: string): Promise<void> {
    if (this.#outcomes.get(msgId) === 'commit') this.#outcomes.set(msgId, 'delivered');
  }
}
