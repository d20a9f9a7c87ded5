import { type ExtFields, requiredField, requiredInteger } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { encodeOffsetMessageId } from '../../../functions/rocketmq/protocol/message-id.ts';
import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { type Answer, type HandlerEntries, ProcessorError } from '../exchange.ts';
import { isV5, withFaq } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';
import { DEFAULT_MAX_RETRIES, deadLetterTopic } from './dead-letters.ts';
import { placeByTime } from './message-placement.ts';
import type { IncomingMessage } from './message-store.ts';
import { RETRY_PREFIX } from './topic-name.ts';

/** CONSUMER_SEND_MSG_BACK (Java: `AbstractSendMessageProcessor.consumerSendMsgBack`): a group wants a message again, later. */
export function sendBackRequests(broker: BrokerContext): HandlerEntries {
  return [[RequestCode.CONSUMER_SEND_MSG_BACK, ({ request }) => sendBack(broker, request.extFields)]];
}

/** The delay level of the first retry where the consumer leaves it to the broker: 10 s. */
const FIRST_LEVEL = 3;

function sendBack(broker: BrokerContext, ext: ExtFields): Answer {
  const group = requiredField(ext, 'group');
  const offset = requiredInteger(ext, 'offset');
  const level = Number(requiredInteger(ext, 'delayLevel'));
  if (!broker.subscriptions.createGroup(group, broker.version)) {
    const remark = withFaq(`subscription group not exist, ${group} `, broker.version);
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark };
  }
  const found = broker.store.at(offset)?.message;
  if (found === undefined) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `look message by offset failed, ${offset}` };
  }
  const max = ext.maxReconsumeTimes === undefined ? DEFAULT_MAX_RETRIES : Number(ext.maxReconsumeTimes);
  const isOver = level < 0 || found.reconsumeTimes >= max;
  // What 5.x trips over.
  if (isOver && isV5(broker.version) && ext.originTopic === undefined) {
    throw new ProcessorError('java.lang.NullPointerException: the request has no originTopic');
  }
  const topic = isOver ? deadLetterTopic(broker, group) : broker.topics.ofGroup(`${RETRY_PREFIX}${group}`).topic;
  const delay = isOver ? 0 : level === 0 ? FIRST_LEVEL + found.reconsumeTimes : level;
  const message = sentBack(found, topic, delay);
  const placement = placeByTime(broker, message);
  if (placement !== undefined && 'code' in placement) return placement;
  if (placement?.kind !== 'later') broker.store.append(message, broker.storeHost);
  else broker.store.appendDelayed(placement.waiting, placement.delivered, placement.dueAt, broker.storeHost);
  return { code: ResponseCode.SUCCESS };
}

/** The message as the group will get it again; it keeps the topic and the id that it had first. */
function sentBack(found: StoredMessage, topic: string, delay: number): IncomingMessage {
  const { storeHost, commitLogOffset, properties } = found;
  return {
    ...found,
    topic,
    queueId: 0,
    reconsumeTimes: found.reconsumeTimes + 1,
    preparedTransactionOffset: 0n,
    properties: {
      RETRY_TOPIC: found.topic,
      ORIGIN_MESSAGE_ID: encodeOffsetMessageId({ ...storeHost, commitLogOffset }),
      ...properties,
      [MessageProperty.WAIT]: 'false',
      [MessageProperty.DELAY]: String(delay),
    },
  };
}
