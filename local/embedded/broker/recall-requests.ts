import { Buffer } from 'node:buffer';
import { requiredField } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { MQVersion } from '../../../functions/rocketmq/protocol/mq-version.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer, HandlerEntries } from '../exchange.ts';
import { unsupportedRequest } from '../server-release.ts';
import { type BrokerContext, REGION_ID } from './broker-context.ts';

/** RECALL_MESSAGE (5.3.2; Java: `RecallMessageProcessor`). Success proves nothing: an id never sent is recalled as well. */
export function recallRequests(broker: BrokerContext): HandlerEntries {
  return [[RequestCode.RECALL_MESSAGE, ({ request }) => serveRecall(broker, request)]];
}

function serveRecall(broker: BrokerContext, request: RemotingCommand): Answer {
  if (broker.version < MQVersion.V5_3_2) return unsupportedRequest(request.code);
  const { extFields } = request;
  const refuse = (code: number, remark: string): Answer => ({ code, remark, extFields: { MSG_REGION: REGION_ID } });
  if (broker.isSlave) return refuse(ResponseCode.SLAVE_NOT_AVAILABLE, NOT_AVAILABLE);
  if (!broker.settings.recallMessageEnable) {
    return refuse(ResponseCode.NO_PERMISSION, 'recall failed, operation is forbidden');
  }
  const topic = requiredField(extFields, 'topic');
  if (broker.topics.get(topic) === undefined) {
    return refuse(ResponseCode.TOPIC_NOT_EXIST, `recall failed, the topic[${topic}] not exist`);
  }
  const handle = readHandle(extFields.recallHandle ?? '');
  const fault = handle && handleFault(broker, topic, handle);
  if (handle === undefined || fault !== undefined) return refuse(ResponseCode.ILLEGAL_OPERATION, fault ?? INVALID);
  broker.store.recall(topic, handle.msgId);
  const remark = 'not set any response code';
  return { code: ResponseCode.SUCCESS, remark, extFields: { msgId: handle.msgId, MSG_REGION: REGION_ID } };
}

const INVALID = 'recall handle is invalid';
const NOT_AVAILABLE = 'recall failed, broker service not available';

interface Handle {
  readonly topic: string;
  readonly brokerName: string;
  /** NaN when it is no number. */
  readonly timestamp: number;
  readonly msgId: string;
}

/** As lenient as the broker: more parts than needed and a time that is no number pass here. */
function readHandle(text: string): Handle | undefined {
  if (!/^[\w-]+={0,2}$/.test(text)) return undefined;
  const [version, topic, brokerName, timestamp, msgId] = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  if (version !== 'v1' || topic === undefined || brokerName === undefined || !msgId) return undefined;
  return { topic, brokerName, timestamp: Number(timestamp), msgId };
}

function handleFault(broker: BrokerContext, topic: string, handle: Handle): string | undefined {
  if (handle.topic !== topic) return 'recall failed, topic not match';
  if (handle.brokerName !== broker.name) return NOT_AVAILABLE;
  const leftMs = handle.timestamp - broker.clock.now();
  return leftMs > 0 && leftMs < broker.settings.timerMaxDelayMs ? undefined : 'recall failed, timestamp invalid';
}
