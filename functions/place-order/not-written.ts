/** Of a write whose row is there already: no row is ever deleted, so it stays so. */
const CONDITION_FAILED = 'ConditionalCheckFailed';

/** Why nothing was written. */
export interface NotWritten {
  /** `illegal`: DynamoDB takes no such order, however often it is asked. `lost`: another write was in the way, or a rollback. */
  readonly why: 'orderExists' | 'illegal' | 'lost';
  /** What DynamoDB finds illegal. */
  readonly text?: string;
}

/**
 * Of an error of `TransactWriteItems` that says for certain that nothing was written, the order being its first write; undefined for
 * any other. The SDK's own attempts have one token, so what one has written the next one confirms. But one that was not answered may
 * still be carried out when the next was cancelled: unless what cancelled that one stays, it is not certain.
 */
export function notWritten(error: unknown): NotWritten | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'ValidationException') return { why: 'illegal', text: error.message };
  if (error.name !== 'TransactionCanceledException') return undefined;
  const { CancellationReasons: reasons = [], $metadata: { attempts = 1 } = {} } = error as Cancelled;
  const { Code, Message = '' } = reasons[0] ?? {};
  if (Code === CONDITION_FAILED) return { why: 'orderExists' };
  if (Code === 'ValidationError') return { why: 'illegal', text: Message };
  const isDecided = reasons[1]?.Code === CONDITION_FAILED;
  return isDecided || attempts === 1 ? { why: 'lost' } : undefined;
}

/** As the SDK throws it. */
interface Cancelled extends Error {
  readonly CancellationReasons?: readonly Reason[];
  readonly $metadata?: { readonly attempts?: number };
}

/** Of one write of a transaction. */
interface Reason {
  readonly Code?: string;
  readonly Message?: string;
}
