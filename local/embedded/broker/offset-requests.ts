import { requiredField, requiredInteger } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer, HandlerEntries } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';

/** Offsets of queues by end, by time, and of consumer groups (Java: `AdminBrokerProcessor`, `ConsumerManageProcessor`). */
export function offsetRequests(broker: BrokerContext): HandlerEntries {
  return [
    [RequestCode.GET_MAX_OFFSET, ({ request }) => offset(bounds(broker, request).maxOffset)],
    [RequestCode.GET_MIN_OFFSET, ({ request }) => minOffset(broker, request)],
    [RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, ({ request }) => offset(offsetByTime(broker, request))],
    [RequestCode.GET_EARLIEST_MSG_STORETIME, ({ request }) => earliestStoreTime(broker, request)],
    [RequestCode.QUERY_CONSUMER_OFFSET, ({ request }) => consumerOffset(broker, request)],
    [RequestCode.UPDATE_CONSUMER_OFFSET, ({ request }) => commitOffset(broker, request)],
  ];
}

interface QueueOfRequest {
  readonly topic: string;
  readonly queueId: number;
}

function queueOf({ extFields }: RemotingCommand): QueueOfRequest {
  return { topic: requiredField(extFields, 'topic'), queueId: Number(requiredInteger(extFields, 'queueId')) };
}

function bounds(broker: BrokerContext, request: RemotingCommand): { minOffset: number; maxOffset: number } {
  const { topic, queueId } = queueOf(request);
  return broker.store.bounds(topic, queueId);
}

function offset(value: number | bigint): Answer {
  return { code: ResponseCode.SUCCESS, extFields: { offset: String(value) } };
}

/** 5.x writes an empty remark here, and nowhere else. */
function minOffset(broker: BrokerContext, request: RemotingCommand): Answer {
  const answer = offset(bounds(broker, request).minOffset);
  return isV5(broker.version) ? { ...answer, remark: '' } : answer;
}

/** First message stored at or after an instant; with boundaryType UPPER the last one stored at or before it. */
function offsetByTime(broker: BrokerContext, request: RemotingCommand): number {
  const { topic, queueId } = queueOf(request);
  const at = Number(requiredInteger(request.extFields, 'timestamp'));
  const { minOffset, maxOffset } = broker.store.bounds(topic, queueId);
  const entries = broker.store.read(topic, queueId, minOffset);
  if (request.extFields.boundaryType?.toUpperCase() === 'UPPER') {
    return (
      minOffset +
      Math.max(
        0,
        entries.findLastIndex(({ message }) => message.storedAt <= at),
      )
    );
  }
  const index = entries.findIndex(({ message }) => message.storedAt >= at);
  if (index !== -1) return minOffset + index;
  // After the last message: 4.9 names that one, 5.x the next to come.
  return isV5(broker.version) ? maxOffset : Math.max(minOffset, maxOffset - 1);
}

function earliestStoreTime(broker: BrokerContext, request: RemotingCommand): Answer {
  const { topic, queueId } = queueOf(request);
  const [first] = broker.store.read(topic, queueId, 0);
  return { code: ResponseCode.SUCCESS, extFields: { timestamp: String(first?.message.storedAt ?? -1) } };
}

/** A group that committed nothing starts at 0 where the queue still does; 5.x knows none where the queue has no messages. */
function consumerOffset(broker: BrokerContext, request: RemotingCommand): Answer {
  const { topic, queueId } = queueOf(request);
  const committed = broker.consumerOffsets.get(requiredField(request.extFields, 'consumerGroup'), topic, queueId);
  if (committed !== undefined) return offset(committed);
  const { minOffset, maxOffset } = broker.store.bounds(topic, queueId);
  if (minOffset === 0 && (maxOffset > 0 || !isV5(broker.version)) && request.extFields.setZeroIfNotFound !== 'false')
    return offset(0);
  const remark = 'Not found, V3_0_6_SNAPSHOT maybe this group consumer boot first';
  return { code: ResponseCode.QUERY_NOT_FOUND, remark };
}

function commitOffset(broker: BrokerContext, request: RemotingCommand): Answer {
  const { topic, queueId } = queueOf(request);
  const group = requiredField(request.extFields, 'consumerGroup');
  const refusal = isV5(broker.version) ? checkCommit(broker, group, topic) : undefined;
  if (refusal !== undefined) return refusal;
  broker.consumerOffsets.commit(group, topic, queueId, requiredInteger(request.extFields, 'commitOffset'));
  return { code: ResponseCode.SUCCESS };
}

/** 5.x keeps no offset of a group that never consumed, nor of a topic that is not there. */
function checkCommit(broker: BrokerContext, group: string, topic: string): Answer | undefined {
  if (!broker.subscriptions.hasGroup(group)) {
    return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark: `Group ${group} not exist!` };
  }
  if (broker.topics.get(topic) !== undefined) return undefined;
  return { code: ResponseCode.TOPIC_NOT_EXIST, remark: `Topic ${topic} not exist!` };
}
