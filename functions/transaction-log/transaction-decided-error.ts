/** A commit came too late: the transaction was rolled back, because nobody had known of it when a broker asked. */
export class TransactionDecidedError extends Error {
  /** Stable, for `switch` and log queries. */
  readonly code = 'TRANSACTION_DECIDED';
  readonly msgId: string;

  constructor(msgId: string) {
    super(
      `transaction ${msgId} was rolled back before its commit was written: its business data must not be written either`,
    );
    this.name = this.code;
    this.msgId = msgId;
  }
}
