import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import {
  decodeProperties,
  type MessageProperties,
  MessageProperty,
} from '../../../functions/rocketmq/protocol/message-properties.ts';
import { MQVersion } from '../../../functions/rocketmq/protocol/mq-version.ts';
import { encodeRecallHandle } from '../../../functions/rocketmq/protocol/recall-handle.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { decodeSendMessageHeader } from '../../../functions/rocketmq/protocol/send-message-header.ts';
import { encodeUniqKey } from '../../../functions/rocketmq/protocol/uniq-key.ts';
import { type Answer, type Exchange, type HandlerEntries, ProcessorError } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import { sendBatch } from './batch-send.ts';
import { type BrokerContext, REGION_ID } from './broker-context.ts';
import { type CheckedSend, incomingMessage, isTooLong, SEND_EXT, storedExt } from './checked-send.ts';
import { CLUSTER_NAME } from './cluster-name.ts';
import { deadLetter } from './dead-letters.ts';
import { isHalf, placeMessage } from './message-placement.ts';
import { checkTopic, MAX_BODY_BYTES, refusalOfAll, tooLarge } from './send-checks.ts';

/** SEND_MESSAGE, SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE (Java: `SendMessageProcessor`). */
export function sendRequests(broker: BrokerContext): HandlerEntries {
  const send = (exchange: Exchange) => serveSend(broker, exchange);
  return [
    [RequestCode.SEND_MESSAGE, send],
    [RequestCode.SEND_MESSAGE_V2, send],
    [RequestCode.SEND_BATCH_MESSAGE, send],
  ];
}

function serveSend(broker: BrokerContext, { request, connection }: Exchange): Answer {
  const refusal = refusalOfAll(broker);
  // Refused before it is looked at: such an answer has no header fields.
  if (refusal?.code === ResponseCode.SYSTEM_BUSY) return refusal;
  const header = decodeSendMessageHeader(request.code, request.extFields);
  const config = refusal ?? checkTopic(broker, header, connection.remote);
  if (!('topic' in config)) return { ...config, extFields: SEND_EXT };
  // A queue below 0 leaves the choice to the broker.
  const queueId = header.queueId >= 0 ? header.queueId : Math.floor(Math.random() * config.writeQueueNums);
  const common = {
    broker,
    header: { ...header, queueId },
    body: Buffer.from(request.body),
    bornHost: connection.remote,
  };
  const answer = header.batch ? sendBatch(common) : sendSingle(common);
  return {
    ...answer,
    code: codeOf(broker, answer, header.properties),
    extFields: { ...answer.extFields, ...SEND_EXT },
  };
}

/** What is stored, but not as safely as it should be, is answered 10, 11 or 12, unless its producer does not wait for that. */
function codeOf({ degraded }: BrokerContext, { code }: Answer, properties: string): number {
  if (degraded === undefined || code !== ResponseCode.SUCCESS) return code;
  return decodeProperties(properties)[MessageProperty.WAIT] === 'false' ? code : degraded;
}

function sendSingle(asked: CheckedSend): Answer {
  const { broker, body } = asked;
  const sent = decodeProperties(asked.header.properties);
  const dead = deadLetter(broker, asked.header, sent);
  const send = { ...asked, header: dead?.header ?? asked.header };
  const { header } = send;
  // What Java trips over; 4.9 stores it.
  if (body.length === 0 && isV5(broker.version))
    throw new ProcessorError('java.lang.NullPointerException: the request has no body');
  const properties = storedProperties(broker, dead?.properties ?? sent);
  if (body.length > MAX_BODY_BYTES || isTooLong(properties, broker.version)) return tooLarge();
  const placement = placeMessage(broker, incomingMessage(send, { flag: header.flag, body, properties }));
  if ('code' in placement) return placement;
  const stored =
    placement.kind === 'now'
      ? broker.store.append(placement.message, broker.storeHost, placement.isVisible)
      : broker.store.appendDelayed(placement.waiting, placement.delivered, placement.dueAt, broker.storeHost);
  const uniqKey = properties[MessageProperty.UNIQ_KEY];
  const recallAt = placement.kind === 'later' ? placement.recallAt : undefined;
  // Of a half message the handle names the half topic.
  const topic = placement.kind === 'later' ? placement.delivered.topic : header.topic;
  const handle = { topic, brokerName: broker.name, msgId: uniqKey ?? '' };
  return {
    code: ResponseCode.SUCCESS,
    extFields: {
      ...storedExt(header, [stored]),
      transactionId: isV5(broker.version) ? uniqKey : undefined,
      recallHandle:
        recallAt === undefined || broker.version < MQVersion.V5_3_2
          ? undefined
          : encodeRecallHandle({ ...handle, timestamp: recallAt }),
    },
  };
}

/** What the broker makes of the properties of a single message. */
function storedProperties(broker: BrokerContext, sent: MessageProperties): MessageProperties {
  if (!isV5(broker.version)) {
    // 4.9 does not store WAIT, except with a message that waits for its delay or the end of its transaction.
    const { [MessageProperty.WAIT]: _, ...kept } = sent;
    const isWaiting = Number(sent[MessageProperty.DELAY]) > 0 || isHalf(sent);
    return { ...(isWaiting ? sent : kept), [MessageProperty.CLUSTER]: CLUSTER_NAME };
  }
  const { POP_CK: _, ...kept } = sent;
  return {
    [MessageProperty.UNIQ_KEY]: encodeUniqKey(randomBytes(10), broker.clock.now(), 0),
    ...kept,
    [MessageProperty.MSG_REGION]: REGION_ID,
    [MessageProperty.TRACE_ON]: 'true',
    [MessageProperty.CLUSTER]: CLUSTER_NAME,
  };
}
