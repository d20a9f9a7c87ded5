/** Why nothing was written. */
export interface NotWritten {
  /** `illegal`: DynamoDB takes no such order, however often it is asked. `lost`: another write was in the way, or a rollback. */
  readonly why: 'orderExists' | 'illegal' | 'lost';
  /** What DynamoDB finds illegal. */
  readonly text?: string;
}

/**
 * Of an error of `TransactWriteItems` that says for certain that nothing was written, the order being its first write; undefined for
 * any other. The SDK's own attempts change nothing of that: they have one token, so what the first has written the next one confirms.
 */
export function notWritten(error: unknown): NotWritten | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'ValidationException') return { why: 'illegal', text: error.message };
  if (error.name !== 'TransactionCanceledException') return undefined;
  const { CancellationReasons: reasons = [] } = error as { CancellationReasons?: readonly Reason[] };
  const { Code, Message = '' } = reasons[0] ?? {};
  if (Code === 'ConditionalCheckFailed') return { why: 'orderExists' };
  return Code === 'ValidationError' ? { why: 'illegal', text: Message } : { why: 'lost' };
}

/** Of one write of a transaction. */
interface Reason {
  readonly Code?: string;
  readonly Message?: string;
}
