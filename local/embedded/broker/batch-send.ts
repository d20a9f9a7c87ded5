import { Buffer } from 'node:buffer';
import { decodeBatch } from '../../../functions/rocketmq/protocol/message-batch.ts';
import {
  decodeProperties,
  type MessageProperties,
  MessageProperty,
} from '../../../functions/rocketmq/protocol/message-properties.ts';
import { TRANSACTION_MASK } from '../../../functions/rocketmq/protocol/message-sys-flag.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { type Answer, ProcessorError } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import { type CheckedSend, incomingMessage, isTooLong, storedExt } from './checked-send.ts';
import { CLUSTER_NAME } from './cluster-name.ts';
import { MAX_BODY_BYTES, tooLarge } from './send-checks.ts';
import { RETRY_PREFIX } from './topic-name.ts';

/**
 * Stores every member of a batch, or none (Java: `SendMessageProcessor.sendBatchMessage`, `MessageExtEncoder`). On 5.x members
 * keep their own properties and get none of the broker's; 4.9 appends the header's and its own to each, and what has the
 * same name is overwritten.
 */
export function sendBatch(send: CheckedSend): Answer {
  const { broker, header, body } = send;
  if (header.topic.startsWith(RETRY_PREFIX) && isV5(broker.version)) {
    const remark = `batch request does not support retry group ${header.topic}`;
    return { code: ResponseCode.MESSAGE_ILLEGAL, remark };
  }
  const own = decodeProperties(header.properties);
  // A transaction is told by sysFlag here: TRAN_MSG among the properties means nothing. The remark is the real one.
  if (Number(own[MessageProperty.DELAY]) > 0 || (header.sysFlag & TRANSACTION_MASK) !== 0) return tooLarge();
  if (body.length > MAX_BODY_BYTES) {
    if (!isV5(broker.version)) return tooLarge();
    throw new ProcessorError('java.lang.RuntimeException: message body size exceeded');
  }
  if (body.length === 0) throw new ProcessorError('java.lang.NullPointerException: the batch has no body');
  const added: MessageProperties = isV5(broker.version) ? {} : { ...own, [MessageProperty.CLUSTER]: CLUSTER_NAME };
  const members = decodeBatch(body).map((member) => ({
    ...member,
    properties: { ...decodeProperties(member.properties), ...added },
  }));
  if (members.some(({ properties }) => isTooLong(properties, broker.version))) return tooLarge();
  const stored = members.map((member) =>
    broker.store.append(incomingMessage(send, { ...member, body: Buffer.from(member.body) }), broker.storeHost),
  );
  const transactionId = isV5(broker.version) ? own[MessageProperty.UNIQ_KEY] : undefined;
  return { code: ResponseCode.SUCCESS, extFields: { ...storedExt(header, stored), transactionId } };
}
