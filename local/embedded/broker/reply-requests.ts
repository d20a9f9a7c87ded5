import { Buffer } from 'node:buffer';
import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import {
  decodeProperties,
  encodeProperties,
  type MessageProperties,
  MessageProperty,
} from '../../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import {
  decodeSendMessageHeader,
  type SendMessageHeader,
} from '../../../functions/rocketmq/protocol/send-message-header.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { Answer, Exchange, HandlerEntries } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import { type BrokerContext, REGION_ID } from './broker-context.ts';
import { incomingMessage, SEND_EXT, storedExt } from './checked-send.ts';
import { checkTopic } from './send-checks.ts';

/** How long the broker waits for the requester to take a reply, in ms (Java: `Broker2Client.callClient`). */
const PUSH_TIMEOUT_MS = 10_000;

/**
 * SEND_REPLY_MESSAGE and SEND_REPLY_MESSAGE_V2 (Java: `ReplyMessageProcessor`). The reply is pushed to the requester first and
 * then stored, whether the push went well or not; only the push decides on the answer.
 */
export function replyRequests(broker: BrokerContext): HandlerEntries {
  const reply = (exchange: Exchange) => serveReply(broker, exchange);
  return [
    [RequestCode.SEND_REPLY_MESSAGE, reply],
    [RequestCode.SEND_REPLY_MESSAGE_V2, reply],
  ];
}

async function serveReply(broker: BrokerContext, { request, connection }: Exchange): Promise<Answer> {
  const header = decodeSendMessageHeader(request.code, request.extFields);
  const config = checkTopic(broker, header, connection.remote);
  if (!('topic' in config)) return { ...config, extFields: SEND_EXT };
  const own = isV5(broker.version)
    ? { [MessageProperty.MSG_REGION]: REGION_ID, [MessageProperty.TRACE_ON]: 'true' }
    : {};
  const properties = { ...decodeProperties(header.properties), ...own };
  const body = Buffer.from(request.body);
  const fault = await push(broker, header, properties, body, connection.remote);
  const send = {
    broker,
    header: { ...header, queueId: Math.max(0, header.queueId) },
    body,
    bornHost: connection.remote,
  };
  const stored = broker.store.append(incomingMessage(send, { flag: header.flag, body, properties }), broker.storeHost);
  return {
    code: fault === undefined ? ResponseCode.SUCCESS : ResponseCode.SYSTEM_ERROR,
    remark: fault,
    extFields: { ...storedExt(send.header, [stored]), ...SEND_EXT },
  };
}

/** Hands the requester its reply; answers why that failed. */
async function push(
  broker: BrokerContext,
  header: SendMessageHeader,
  properties: MessageProperties,
  body: Buffer,
  bornHost: StoredMessage['bornHost'],
): Promise<string | undefined> {
  const requester = properties[MessageProperty.REPLY_TO_CLIENT];
  if (requester === undefined) return 'reply message properties[REPLY_TO_CLIENT] is null';
  const connection = broker.producers.connectionOf(requester);
  if (connection === undefined) return `push reply message fail, channel of <${requester}> not found.`;
  const pushed = { ...properties, PUSH_REPLY_TIME: String(broker.clock.now()) };
  const extFields = pushHeader(broker, { ...header, properties: encodeProperties(pushed) }, bornHost);
  const code = RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT;
  const answer = await broker.callTo(connection, code, extFields, body, PUSH_TIMEOUT_MS);
  return answer?.code === ResponseCode.SUCCESS ? undefined : `push reply message to ${requester}fail.`;
}

/** Java: `ReplyMessageRequestHeader`. */
function pushHeader(broker: BrokerContext, header: SendMessageHeader, bornHost: StoredMessage['bornHost']): ExtFields {
  // 4.9 writes an address as Java shows it, with a slash in front.
  const hostText = ({ host, port }: StoredMessage['bornHost']) => `${isV5(broker.version) ? '' : '/'}${host}:${port}`;
  return {
    producerGroup: header.producerGroup,
    topic: header.topic,
    defaultTopic: header.defaultTopic,
    defaultTopicQueueNums: String(header.defaultTopicQueueNums),
    queueId: String(header.queueId),
    sysFlag: String(header.sysFlag),
    bornTimestamp: String(header.bornTimestamp),
    flag: String(header.flag),
    properties: header.properties,
    reconsumeTimes: String(header.reconsumeTimes),
    unitMode: String(header.unitMode),
    bornHost: hostText(bornHost),
    storeHost: hostText(broker.storeHost),
    storeTimestamp: String(broker.clock.now()),
  };
}
