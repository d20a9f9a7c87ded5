import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';
import { type ExtFields, requiredInteger } from './ext-fields.ts';
import { MessageProperty } from './message-properties.ts';
import { decodeStoredMessages, type StoredMessage } from './stored-message.ts';

/** A broker's question for the outcome of a transaction: CHECK_TRANSACTION_STATE (Java: `CheckTransactionStateRequestHeader`). */
export interface CheckTransaction {
  /** Where the half message is now: each check stores it again. The answer must name this place. */
  readonly tranStateTableOffset: bigint;
  readonly commitLogOffset: bigint;
  readonly msgId: string;
  readonly transactionId: string | undefined;
  /** As the broker names itself, from 5.1.0 on; a proxy leaves it out. */
  readonly brokerName: string;
  /** Group that is asked: property `PGROUP`. */
  readonly producerGroup: string;
  /** The half message, under the topic it is for. The header names the half topic, or none, and is not looked at. */
  readonly message: StoredMessage;
}

/**
 * Reads a question: `commitLogOffset`, `tranStateTableOffset`, `msgId`, `transactionId` and `bname` of the header, and a body
 * of one stored message.
 * @throws RemotingCommandError naming what is missing or malformed.
 */
export function decodeCheckTransaction(ext: ExtFields, body: Uint8Array): CheckTransaction {
  const [message] = decodeStoredMessages(Buffer.from(body.buffer, body.byteOffset, body.length));
  if (message === undefined) throw new RemotingCommandError('transaction check without a message', 0);
  const { UNIQ_KEY, PGROUP } = MessageProperty;
  const msgId = message.properties[UNIQ_KEY] ?? ext.msgId;
  const producerGroup = message.properties[PGROUP];
  if (msgId === undefined) throw new RemotingCommandError('transaction check without a message id', 0);
  if (producerGroup === undefined) throw new RemotingCommandError(`transaction check without ${PGROUP}`, 0);
  return {
    tranStateTableOffset: requiredInteger(ext, 'tranStateTableOffset'),
    commitLogOffset: requiredInteger(ext, 'commitLogOffset'),
    msgId,
    transactionId: ext.transactionId,
    brokerName: ext.bname ?? '',
    producerGroup,
    message,
  };
}
