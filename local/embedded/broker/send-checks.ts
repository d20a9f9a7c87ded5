import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { SendMessageHeader } from '../../../functions/rocketmq/protocol/send-message-header.ts';
import type { HostAndPort } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { TopicConfig } from '../../../functions/rocketmq/protocol/topic-config.ts';
import { isV5, withFaq } from '../server-release.ts';
import type { BrokerContext, SendRefusal } from './broker-context.ts';
import type { Refusal } from './message-placement.ts';
import { topicConfigText } from './topic-config-text.ts';
import { topicNameFault } from './topic-name.ts';
import { isForbiddenTopic } from './topic-table.ts';

/** Largest body, and largest batch, in bytes. */
export const MAX_BODY_BYTES = 4_194_304;

const REFUSAL_REMARKS: Readonly<Record<SendRefusal, string>> = {
  2: '[REJECTREQUEST]system busy, start flow control for a while',
  14: "service not available now. It may be caused by one of the following reasons: the broker's disk is full, messages are put to the slave, message store has been shut down, etc.",
  16: 'the broker[127.0.0.1] sending message is forbidden',
};

/** Why the broker takes no send at all now, if so: a slave never does. */
export function refusalOfAll(broker: BrokerContext): Refusal | undefined {
  const code = broker.isSlave ? ResponseCode.SYSTEM_BUSY : broker.sendRefusal;
  return code === undefined ? undefined : { code, remark: REFUSAL_REMARKS[code] };
}

/** The topic that a send goes to, or why it is refused (Java: `AbstractSendMessageProcessor.msgCheck`). Perm is not looked at. */
export function checkTopic(
  broker: BrokerContext,
  { topic, defaultTopic, defaultTopicQueueNums, queueId }: SendMessageHeader,
  producer: HostAndPort,
): TopicConfig | Refusal {
  const invalidParameter = isV5(broker.version) ? ResponseCode.INVALID_PARAMETER : ResponseCode.SYSTEM_ERROR;
  const nameFault = topicNameFault(topic, broker.version);
  if (nameFault !== undefined) return { code: invalidParameter, remark: nameFault };
  if (isForbiddenTopic(topic)) {
    return { code: ResponseCode.NO_PERMISSION, remark: `Sending message to topic[${topic}] is forbidden.` };
  }
  const config = broker.topics.getOrCreate(topic, defaultTopic, defaultTopicQueueNums);
  if (config === undefined) {
    return {
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: withFaq(`topic[${topic}] not exist, apply first please!`, broker.version),
    };
  }
  if (queueId >= Math.max(config.writeQueueNums, config.readQueueNums)) {
    const { host, port } = producer;
    const who = `${topicConfigText(config, broker.version)} Producer: ${host}:${port}`;
    return { code: invalidParameter, remark: `request queueId[${queueId}] is illegal, ${who}` };
  }
  return config;
}

/** The answer to a message whose body or properties are too large. */
export function tooLarge(): Refusal {
  const limits = `msg body length limit ${MAX_BODY_BYTES}B, msg properties length limit 32KB.`;
  const remark = `the message is illegal, maybe msg body or properties length not matched. ${limits}`;
  return { code: ResponseCode.MESSAGE_ILLEGAL, remark };
}
