import { encodeOffsetMessageId } from '../../../functions/rocketmq/protocol/message-id.ts';
import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { encodeStoredMessage, type StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { V5_1_0, V5_3_0 } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';

/**
 * Asks a producer of the group for the state of a half message by CHECK_TRANSACTION_STATE (Java:
 * `AbstractTransactionalMessageCheckListener.sendCheckMessage`); false when there is none. The broker learns of an answer by
 * END_TRANSACTION only. The header names the half topic from 5.3.0 on, the body the real one.
 */
export function askProducer(broker: BrokerContext, half: StoredMessage): boolean {
  const { properties, storeHost, commitLogOffset } = half;
  const client = broker.producers.nextClient(properties[MessageProperty.PGROUP] ?? '');
  if (client === undefined) return false;
  const uniqKey = properties[MessageProperty.UNIQ_KEY];
  const extFields = {
    bname: broker.version >= V5_1_0 ? broker.name : undefined,
    commitLogOffset: String(commitLogOffset),
    topic: broker.version >= V5_3_0 ? half.topic : undefined,
    msgId: uniqKey,
    tranStateTableOffset: String(half.queueOffset),
    offsetMsgId: encodeOffsetMessageId({ ...storeHost, commitLogOffset }),
    transactionId: uniqKey,
  };
  const body = encodeStoredMessage({
    ...half,
    topic: properties[MessageProperty.REAL_TOPIC] ?? half.topic,
    queueId: Number(properties[MessageProperty.REAL_QID] ?? 0),
  });
  const request = { code: RequestCode.CHECK_TRANSACTION_STATE, extFields, body };
  if (client.relay !== undefined) client.relay(request);
  else broker.pushTo(client.connection, request.code, extFields, body);
  return true;
}
