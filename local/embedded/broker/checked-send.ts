import { Buffer } from 'node:buffer';
import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { encodeOffsetMessageId } from '../../../functions/rocketmq/protocol/message-id.ts';
import { encodeProperties, type MessageProperties } from '../../../functions/rocketmq/protocol/message-properties.ts';
import type { SendMessageHeader } from '../../../functions/rocketmq/protocol/send-message-header.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { isV5 } from '../server-release.ts';
import { type BrokerContext, REGION_ID } from './broker-context.ts';
import type { IncomingMessage } from './message-store.ts';

/** Largest properties as stored, in bytes. */
const MAX_STORED_PROPERTIES_BYTES = 32_767;

/** Header fields of every answer on the send path, errors included. */
export const SEND_EXT: ExtFields = { MSG_REGION: REGION_ID, TRACE_ON: 'true' };

/** A send that passed the checks of its topic. */
export interface CheckedSend {
  readonly broker: BrokerContext;
  /** With the queue it goes to. */
  readonly header: SendMessageHeader;
  readonly body: Buffer;
  readonly bornHost: StoredMessage['bornHost'];
}

/** What the answer to a stored message, or batch, says of its place. */
export function storedExt({ queueId }: SendMessageHeader, stored: readonly StoredMessage[]): ExtFields {
  const ids = stored.map(({ storeHost, commitLogOffset }) => encodeOffsetMessageId({ ...storeHost, commitLogOffset }));
  return { msgId: ids.join(','), queueId: String(queueId), queueOffset: String(stored[0]?.queueOffset ?? 0n) };
}

/** A message as it is handed to the store. */
export function incomingMessage(
  { header, bornHost }: CheckedSend,
  content: Pick<IncomingMessage, 'flag' | 'body' | 'properties'>,
): IncomingMessage {
  return {
    topic: header.topic,
    queueId: header.queueId,
    sysFlag: header.sysFlag,
    bornAt: header.bornTimestamp,
    bornHost,
    reconsumeTimes: header.reconsumeTimes,
    preparedTransactionOffset: 0n,
    ...content,
  };
}

/** Whether properties are too long to be stored. 4.9 leaves the last separator out. */
export function isTooLong(properties: MessageProperties, version: number): boolean {
  const bytes = Buffer.byteLength(encodeProperties(properties)) - (isV5(version) ? 0 : 1);
  return bytes > MAX_STORED_PROPERTIES_BYTES;
}
