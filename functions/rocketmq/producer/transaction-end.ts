import { RocketMQError, TransactionTooLateError } from '../errors.ts';
import { type EndTransactionHeader, encodeEndTransaction, TransactionEnd } from '../protocol/end-transaction-header.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode } from '../protocol/response-code.ts';
import { refusalError } from './send-policy.ts';
import type { PendingReason, TransactionOutcome } from './transaction.ts';

/** A server that takes the end of a transaction. */
export interface EndReceiver {
  readonly addr: string;
  /** Writes it once, whatever happens to the connection. */
  request(request: EndRequest): Promise<EndAnswer>;
  oneway(request: EndRequest): void | Promise<void>;
}

type EndRequest = { readonly code: number; readonly extFields: ReturnType<typeof encodeEndTransaction> };

interface EndAnswer {
  readonly code: number;
  readonly remark: string | undefined;
  readonly extFields: Readonly<Record<string, string | undefined>>;
}

/** Whether the end of a transaction was confirmed, and if not, why. */
export type EndOutcome =
  | { readonly isConfirmed: true }
  | { readonly isConfirmed: false; readonly reason: PendingReason; readonly error?: unknown };

/** The end of a transaction as it was told to a broker, for whoever looks on. */
export interface ToldEnd {
  /** As the cluster knows it. */
  readonly topic: string;
  readonly msgId: string;
  readonly tags: string | undefined;
  readonly keys: string | undefined;
  /** Undefined where nothing says. */
  readonly regionId: string | undefined;
  readonly addr: string;
  readonly outcome: TransactionOutcome;
  readonly isFromCheck: boolean;
}

/** Looks on when ends of transactions have been told. */
export type EndObserver = (end: ToldEnd) => void;

/** Whether the end left this process. */
export function isTold(ended: EndOutcome): boolean {
  return ended.isConfirmed || ended.reason !== 'notSent';
}

const ends: Readonly<Record<TransactionOutcome, TransactionEnd>> = {
  commit: TransactionEnd.COMMIT,
  rollback: TransactionEnd.ROLLBACK,
  unknown: TransactionEnd.UNKNOWN,
};

/**
 * Sends the end of a transaction, once. Commit and rollback as requests whose answer is waited for, where Java's client hopes;
 * unknown oneway, because no broker answers it. Never rejects.
 */
export async function endTransaction(
  receiver: EndReceiver,
  outcome: TransactionOutcome,
  header: Omit<EndTransactionHeader, 'end'>,
): Promise<EndOutcome> {
  const request = {
    code: RequestCode.END_TRANSACTION,
    extFields: encodeEndTransaction({ ...header, end: ends[outcome] }),
  };
  if (outcome === 'unknown') {
    try {
      await receiver.oneway(request);
    } catch {
      // It would have changed nothing: the broker asks whether it heard "unknown" or not.
    }
    return { isConfirmed: false, reason: 'unknown' };
  }
  try {
    return judge(receiver.addr, header, await receiver.request(request));
  } catch (error) {
    const isWritten = !(error instanceof RocketMQError) || error.outcome !== 'notSent';
    return { isConfirmed: false, reason: isWritten ? 'answerLost' : 'notSent', error };
  }
}

/** By the code alone: a remark means nothing, here with an error and there with success. */
function judge(addr: string, { isFromCheck, msgId }: Omit<EndTransactionHeader, 'end'>, answer: EndAnswer): EndOutcome {
  const { code, remark, extFields } = answer;
  if (code === ResponseCode.ILLEGAL_OPERATION && !isFromCheck) {
    const error = new TransactionTooLateError(msgId, 'its immunity time has passed', addr);
    return { isConfirmed: false, reason: 'tooLate', error };
  }
  if (code !== ResponseCode.SUCCESS) {
    return { isConfirmed: false, reason: 'refused', error: refusalError(addr, code, remark) };
  }
  // A proxy marks its answers with fields that no broker sends here. It drops every end but the answer to its own check.
  const isProxy = extFields.TRACE_ON !== undefined || extFields.MSG_REGION !== undefined;
  return isProxy && !isFromCheck ? { isConfirmed: false, reason: 'proxy' } : { isConfirmed: true };
}
