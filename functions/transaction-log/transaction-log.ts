/** A half message that a log is asked about. */
export interface AskedTransaction {
  readonly msgId: string;
  /** When the half message was sent, epoch ms. */
  readonly bornAt: number;
}

/**
 * Outcomes of transactions by the message id of their half message, kept where the business data is and written together with
 * it. What it says holds for every process: whoever asks a second time is told the same.
 *
 * A transaction that is not in the log either did not happen or is about to. `decide` ends that: it writes the rollback itself,
 * on the condition that nothing is there, and a sender that comes after it fails to write its commit. So sender and checker
 * cannot disagree, whoever comes first.
 */
export interface TransactionLog {
  /**
   * What is to become of a transaction: `commit` when its commit is in the log; `rollback` when the log says so or the message
   * is known to be delivered, for each commit delivers a copy; `unknown` while it is so young that its sender may be at work.
   * An old one that is not there is rolled back for good.
   */
  decide(transaction: AskedTransaction): Promise<'commit' | 'rollback' | 'unknown'>;
  /** Notes that a broker confirmed the commit. Does nothing for a transaction without one. */
  markDelivered(msgId: string): Promise<void>;
}
