import { requiredField, requiredInteger } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { type Answer, type Exchange, type HandlerEntries, ProcessorError } from '../exchange.ts';
import { isV5, unsupportedRequest } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';
import { changedAttributes } from './topic-attributes.ts';
import { topicConfigJson } from './topic-config-text.ts';
import { topicNameFault } from './topic-name.ts';
import { isSystemTopic } from './topic-table.ts';

/** UPDATE_AND_CREATE_TOPIC and GET_TOPIC_CONFIG (Java: `AdminBrokerProcessor`). */
export function topicRequests(broker: BrokerContext): HandlerEntries {
  return [
    [RequestCode.UPDATE_AND_CREATE_TOPIC, (exchange) => createTopic(broker, exchange)],
    [RequestCode.GET_TOPIC_CONFIG, (exchange) => getTopicConfig(broker, exchange)],
  ];
}

function createTopic(broker: BrokerContext, { request }: Exchange): Answer {
  const ext = request.extFields;
  const filterType = ext.topicFilterType;
  if (filterType !== 'SINGLE_TAG' && filterType !== 'MULTI_TAG') {
    const exception = 'org.apache.rocketmq.remoting.exception.RemotingCommandException';
    throw new ProcessorError(`${exception}: topicFilterType = [${filterType ?? null}] value invalid`);
  }
  const topic = requiredField(ext, 'topic');
  const isTaken = isSystemTopic(topic) || topic === broker.name;
  const fault =
    topicNameFault(topic, broker.version) ??
    (isTaken ? `The topic[${topic}] is conflict with system topic.` : undefined);
  if (fault !== undefined) {
    return { code: isV5(broker.version) ? ResponseCode.INVALID_PARAMETER : ResponseCode.SYSTEM_ERROR, remark: fault };
  }
  const current = broker.topics.get(topic)?.attributes;
  // 4.9 knows no attributes.
  const changed = isV5(broker.version) ? changedAttributes(current, ext.attributes ?? '') : { attributes: {} };
  if ('code' in changed) return changed;
  broker.topics.put({
    topic,
    readQueueNums: Number(requiredInteger(ext, 'readQueueNums')),
    writeQueueNums: Number(requiredInteger(ext, 'writeQueueNums')),
    perm: Number(requiredInteger(ext, 'perm')),
    order: ext.order?.toLowerCase() === 'true',
    attributes: changed.attributes,
  });
  // What real brokers answer a success with.
  return { code: ResponseCode.SUCCESS, remark: 'not set any response code' };
}

function getTopicConfig(broker: BrokerContext, { request }: Exchange): Answer {
  if (!isV5(broker.version)) return unsupportedRequest(request.code);
  const topic = requiredField(request.extFields, 'topic');
  const config = broker.topics.get(topic);
  if (config !== undefined) return { code: ResponseCode.SUCCESS, body: topicConfigJson(config) };
  return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `No topic in this broker. topic: ${topic}` };
}
