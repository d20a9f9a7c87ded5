import { RemotingCommandError } from '../errors.ts';
import { type ExtFields, requiredField, requiredInteger } from './ext-fields.ts';
import { MessageSysFlag } from './message-sys-flag.ts';

/** How a transaction ends, as `commitOrRollback` says it. A broker answers nothing to `UNKNOWN`. */
export const TransactionEnd = {
  UNKNOWN: 0,
  COMMIT: MessageSysFlag.TRANSACTION_COMMIT,
  ROLLBACK: MessageSysFlag.TRANSACTION_ROLLBACK,
} as const;

export type TransactionEnd = (typeof TransactionEnd)[keyof typeof TransactionEnd];

/** Header of END_TRANSACTION (Java: `EndTransactionRequestHeader`). */
export interface EndTransactionHeader {
  /** The topic the message is for, never the half topic: access control looks at it. Brokers before 5.3.0 do not read it. */
  readonly topic: string;
  /** Must be the half message's property `PGROUP`. */
  readonly producerGroup: string;
  /** Offset of the half message in the queue of half messages. */
  readonly tranStateTableOffset: bigint;
  readonly commitLogOffset: bigint;
  readonly end: TransactionEnd;
  /** Whether this answers a check: then it is not refused for being late. */
  readonly isFromCheck: boolean;
  /** `UNIQ_KEY`. Not compared with anything. */
  readonly msgId: string;
  readonly transactionId: string | undefined;
  /** Broker the request is meant for; a proxy needs it. Empty: not said. */
  readonly brokerName: string;
}

export function encodeEndTransaction(header: EndTransactionHeader): ExtFields {
  return {
    topic: header.topic,
    producerGroup: header.producerGroup,
    tranStateTableOffset: String(header.tranStateTableOffset),
    commitLogOffset: String(header.commitLogOffset),
    commitOrRollback: String(header.end),
    fromTransactionCheck: String(header.isFromCheck),
    msgId: header.msgId,
    transactionId: header.transactionId,
    bname: header.brokerName === '' ? undefined : header.brokerName,
  };
}

/** Reads the header of END_TRANSACTION. @throws RemotingCommandError naming a missing or malformed field. */
export function decodeEndTransaction(ext: ExtFields): EndTransactionHeader {
  const end = Number(requiredInteger(ext, 'commitOrRollback'));
  if (!isTransactionEnd(end)) throw new RemotingCommandError(`request header with commitOrRollback "${end}"`, 0);
  return {
    topic: ext.topic ?? '',
    producerGroup: requiredField(ext, 'producerGroup'),
    tranStateTableOffset: requiredInteger(ext, 'tranStateTableOffset'),
    commitLogOffset: requiredInteger(ext, 'commitLogOffset'),
    end,
    isFromCheck: ext.fromTransactionCheck?.toLowerCase() === 'true',
    msgId: requiredField(ext, 'msgId'),
    transactionId: ext.transactionId,
    brokerName: ext.bname ?? '',
  };
}

function isTransactionEnd(value: number): value is TransactionEnd {
  return Object.values<number>(TransactionEnd).includes(value);
}
