import { Buffer } from 'node:buffer';
import { decodeBatch } from '../../../functions/rocketmq/protocol/message-batch.ts';
import { decodeProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import { type CheckedSend, incomingMessage, isTooLong, storedExt } from './checked-send.ts';
import { MAX_BODY_BYTES, tooLarge } from './send-checks.ts';

/**
 * Stores every member of a batch, or none (Java: `SendMessageProcessor.sendBatchMessage`, `MessageExtEncoder`). Members keep
 * their own properties and get none of the broker's; 4.9 appends the header's to each, overwriting what has the same name.
 */
export function sendBatch(send: CheckedSend): Answer {
  const { broker, header, body } = send;
  if (header.topic.startsWith('%RETRY%') && isV5(broker.version)) {
    return illegal('batch request does not support retry group');
  }
  const own = decodeProperties(header.properties);
  if (own[MessageProperty.DELAY] !== undefined || own[MessageProperty.TRAN_MSG] !== undefined) {
    return illegal('the message is illegal: a batch can neither be delayed nor be transactional');
  }
  if (body.length > MAX_BODY_BYTES) {
    if (!isV5(broker.version)) return tooLarge();
    return { code: ResponseCode.SYSTEM_ERROR, remark: 'java.lang.RuntimeException: message body size exceeded' };
  }
  if (body.length === 0) throw new TypeError('the batch has no body');
  const members = decodeBatch(body).map((member) => {
    const properties = decodeProperties(member.properties);
    return { ...member, properties: isV5(broker.version) ? properties : { ...properties, ...own } };
  });
  if (members.some(({ properties }) => isTooLong(properties, broker.version))) return tooLarge();
  const stored = members.map((member) =>
    broker.store.append(incomingMessage(send, { ...member, body: Buffer.from(member.body) }), broker.storeHost),
  );
  const transactionId = isV5(broker.version) ? own[MessageProperty.UNIQ_KEY] : undefined;
  return { code: ResponseCode.SUCCESS, extFields: { ...storedExt(header, stored), transactionId } };
}

function illegal(remark: string): Answer {
  return { code: ResponseCode.MESSAGE_ILLEGAL, remark };
}
