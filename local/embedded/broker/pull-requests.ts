import { Buffer } from 'node:buffer';
import {
  decodePullMessage,
  type PullMessageHeader,
  PullSysFlag,
} from '../../../functions/rocketmq/protocol/pull-message-header.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { HostAndPort } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { PERM_READ } from '../../../functions/rocketmq/protocol/topic-route-data.ts';
import type { Answer, Exchange, HandlerEntries } from '../exchange.ts';
import { isV5, withFaq } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';
import type { StoreEntry } from './store-entry.ts';
import type { SuspendedPulls } from './suspended-pulls.ts';
import { isEmptyList, tagFilter } from './tag-filter.ts';

/** What Java's lite pull consumer sends in place of PULL_MESSAGE. */
const LITE_PULL_MESSAGE = 361;

/** Most messages and bytes of one answer, as of a real broker that reads from memory, and entries looked at for tags. */
const MAX_MESSAGES = 32;
const MAX_ANSWER_BYTES = 262_144;
const MAX_SCANNED_ENTRIES = 16_000;

/** PULL_MESSAGE (Java: `PullMessageProcessor`). */
export function pullRequests(broker: BrokerContext, suspended: SuspendedPulls): HandlerEntries {
  const serve = (exchange: Exchange) => servePull(broker, suspended, exchange);
  return [
    [RequestCode.PULL_MESSAGE, serve],
    [LITE_PULL_MESSAGE, serve],
  ];
}

function servePull(
  broker: BrokerContext,
  suspended: SuspendedPulls,
  { request, connection }: Exchange,
): Answer | Promise<Answer | undefined> {
  const header = decodePullMessage(request.extFields);
  const { consumerGroup, topic, queueId, sysFlag, suspendTimeoutMs } = header;
  const hasSubscription = (sysFlag & PullSysFlag.SUBSCRIPTION) !== 0;
  const refusal =
    checkGroup(broker, consumerGroup) ??
    checkPull(broker, header, connection.remote) ??
    (hasSubscription ? checkSubscription(header.subscription, request.extFields.expressionType) : undefined);
  if (refusal !== undefined) return refusal;
  const expression = hasSubscription ? header.subscription : broker.subscriptions.expression(consumerGroup, topic);
  if (expression === undefined) {
    const remark = withFaq("the consumer's group info not exist", broker.version);
    return { code: ResponseCode.SUBSCRIPTION_NOT_EXIST, remark };
  }
  if ((sysFlag & PullSysFlag.COMMIT_OFFSET) !== 0) {
    broker.consumerOffsets.commit(consumerGroup, topic, queueId, header.commitOffset);
  }
  const read = () => readQueue(broker, header, expression);
  const answer = read();
  const mayWait = (sysFlag & PullSysFlag.SUSPEND) !== 0 && suspendTimeoutMs > 0;
  if (answer.code !== ResponseCode.PULL_NOT_FOUND || !mayWait) return answer;
  return suspended.add({ topic, queueId, connection, read, until: broker.clock.now() + suspendTimeoutMs });
}

function checkGroup(broker: BrokerContext, group: string): Answer | undefined {
  if (broker.subscriptions.createGroup(group, broker.version)) return undefined;
  const remark = withFaq(`subscription group [${group}] does not exist, `, broker.version);
  return { code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark };
}

/** Filters by SQL are off on brokers as they come (Java: `enablePropertyFilter`). */
function checkSubscription(subscription: string, type = 'TAG'): Answer | undefined {
  if (type !== 'TAG' && type !== '') {
    const remark = `The broker does not support consumer to filter message by ${type}`;
    return { code: ResponseCode.SYSTEM_ERROR, remark };
  }
  if (!isEmptyList(subscription)) return undefined;
  return { code: ResponseCode.SUBSCRIPTION_PARSE_FAILED, remark: "parse the consumer's subscription failed" };
}

function checkPull(
  broker: BrokerContext,
  { topic, queueId }: PullMessageHeader,
  consumer: HostAndPort,
): Answer | undefined {
  const config = broker.topics.get(topic);
  if (config === undefined) {
    const remark = withFaq(`topic[${topic}] not exist, apply first please! `, broker.version);
    return { code: ResponseCode.TOPIC_NOT_EXIST, remark };
  }
  if ((config.perm & PERM_READ) === 0) {
    return { code: ResponseCode.NO_PERMISSION, remark: `the topic[${topic}] pulling message is forbidden` };
  }
  if (queueId >= 0 && queueId < config.readQueueNums) return undefined;
  const code = isV5(broker.version) ? ResponseCode.INVALID_PARAMETER : ResponseCode.SYSTEM_ERROR;
  const place = `topic:[${topic}] topicConfig.readQueueNums:[${config.readQueueNums}] consumer:[/${consumer.host}:${consumer.port}]`;
  return { code, remark: `queueId[${queueId}] is illegal, ${place}` };
}

function readQueue(broker: BrokerContext, header: PullMessageHeader, expression: string): Answer {
  const { topic, queueId } = header;
  const offset = Number(header.queueOffset);
  const { minOffset, maxOffset } = broker.store.bounds(topic, queueId);
  const answer = (code: number, remark: string, nextOffset: number, body?: Buffer): Answer => ({
    code,
    remark,
    extFields: {
      suggestWhichBrokerId: '0',
      nextBeginOffset: String(nextOffset),
      minOffset: String(minOffset),
      maxOffset: String(maxOffset),
      ...(isV5(broker.version) && { topicSysFlag: '0', groupSysFlag: '0' }),
    },
    ...(body && { body }),
  });
  if (maxOffset === 0) {
    const code = offset === 0 ? ResponseCode.PULL_NOT_FOUND : ResponseCode.PULL_OFFSET_MOVED;
    return answer(code, 'NO_MESSAGE_IN_QUEUE', 0);
  }
  if (offset < minOffset) return answer(ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_TOO_SMALL', minOffset);
  if (offset === maxOffset) return answer(ResponseCode.PULL_NOT_FOUND, 'OFFSET_OVERFLOW_ONE', offset);
  if (offset > maxOffset) return answer(ResponseCode.PULL_OFFSET_MOVED, 'OFFSET_OVERFLOW_BADLY', maxOffset);
  const { found, scanned } = select(broker.store.read(topic, queueId, offset), header.maxMsgNums, expression);
  const next = offset + scanned;
  if (found.length === 0) return answer(ResponseCode.PULL_RETRY_IMMEDIATELY, 'NO_MATCHED_MESSAGE', next);
  return answer(ResponseCode.SUCCESS, 'FOUND', next, Buffer.concat(found.map(({ bytes }) => bytes)));
}

/** The first entries whose tag matches, within the limits of an answer, and how many entries that took. */
function select(entries: readonly StoreEntry[], maxMessages: number, expression: string) {
  const matches = tagFilter(expression);
  const found: StoreEntry[] = [];
  let bytes = 0;
  let scanned = 0;
  for (const entry of entries) {
    if (scanned === MAX_SCANNED_ENTRIES || found.length >= Math.min(maxMessages, MAX_MESSAGES)) break;
    if (matches(entry.message.properties)) {
      bytes += entry.bytes.length;
      // The first always fits: a message larger than an answer could never be read otherwise.
      if (bytes > MAX_ANSWER_BYTES && found.length > 0) break;
      found.push(entry);
    }
    scanned++;
  }
  return { found, scanned };
}
