import { isAccessDenial } from '../client/access-denial.ts';
import type { ClientInstance } from '../client/client-instance.ts';
import type { Deadline } from '../deadline.ts';
import {
  AccessDeniedError,
  BrokerError,
  BrokerTooOldError,
  NoWritableQueueError,
  RecallError,
  RemotingCommandError,
} from '../errors.ts';
import { MQVersion, versionName } from '../protocol/mq-version.ts';
import { decodeRecallHandle } from '../protocol/recall-handle.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../protocol/response-code.ts';

/** What a broker says that does not recall at all. */
const FORBIDDEN_BY_SETTING = 'operation is forbidden';

/** What a broker says to a handle that names another one. */
const ANOTHERS = 'broker service not available';

/** Answers about the broker rather than the message: the same recall can succeed later. */
const BROKER_NOT_READY: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_ERROR,
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.SLAVE_NOT_AVAILABLE,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.FLOW_CONTROL,
  ResponseCode.GO_AWAY,
]);

/** Asks the broker that a recall handle names to take its message back; answers the message id. */
export async function recallMessage(
  client: ClientInstance,
  group: string,
  topic: string,
  recallHandle: string,
  deadline: Deadline,
): Promise<string> {
  const { brokerName, topic: handleTopic } = readHandle(recallHandle);
  if (handleTopic !== topic) {
    throw new RecallError(`the handle is for topic "${handleTopic}", not for "${topic}"`, undefined);
  }
  const { allMasterAddrs } = await client.publishInfo(topic, deadline);
  const route = client.topicRouteTable.get(topic)?.data;
  const isRouted = route?.brokerDatas.some((broker) => broker.brokerName === brokerName) === true;
  // Behind a proxy brokers go by other names: there any of them will do.
  const [anyAddr] = isRouted ? [] : allMasterAddrs.values();
  const addr = allMasterAddrs.get(brokerName) ?? anyAddr;
  if (addr === undefined) throw new NoWritableQueueError(topic, `${brokerName} has no master now`);
  const fields = { producerGroup: group, topic, recallHandle };
  return client.security.asking(deadline, () => askFor(client, brokerName, addr, fields, deadline));
}

async function askFor(
  client: ClientInstance,
  bname: string,
  addr: string,
  fields: Readonly<Record<'producerGroup' | 'topic' | 'recallHandle', string>>,
  deadline: Deadline,
): Promise<string> {
  const timeLeft = () => Math.max(1, deadline.remainingMs());
  const version = await client.brokerVersion(addr, timeLeft());
  if (version < MQVersion.V5_3_2) {
    const versions = { has: versionName(version), needs: versionName(MQVersion.V5_3_2) };
    throw new BrokerTooOldError(bname, addr, versions, 'recall', 'not know the request');
  }
  const request = { code: RequestCode.RECALL_MESSAGE, extFields: { ...fields, bname } };
  const answer = await client.invoke(addr, request, timeLeft());
  if (answer.code === ResponseCode.SUCCESS) return answer.extFields.msgId ?? '';
  if (isAccessDenial(answer.code, answer.remark)) throw new AccessDeniedError(addr, answer.remark);
  if (BROKER_NOT_READY.has(answer.code)) {
    const { code, remark } = answer;
    throw new BrokerError(addr, { code, name: responseCodeName(code), remark, retryable: true }, 'recall');
  }
  if (answer.code === ResponseCode.ILLEGAL_OPERATION && answer.remark?.includes(ANOTHERS) === true) {
    throw new NoWritableQueueError(fields.topic, `${bname}, which has the message, is not in its route now`);
  }
  throw new RecallError(`${addr} answered ${explain(answer.code, answer.remark)}`, answer.code);
}

function readHandle(recallHandle: string) {
  // What a send resolves to has none where the message has no delay in time, or its broker is before 5.3.2.
  if (typeof recallHandle !== 'string') {
    throw new RecallError(
      'no recall handle was given: only a message with a time, on a broker from 5.3.2 on, has one',
      undefined,
    );
  }
  try {
    return decodeRecallHandle(recallHandle);
  } catch (error) {
    if (error instanceof RemotingCommandError) throw new RecallError(error.reason, undefined);
    throw error;
  }
}

function explain(code: number, remark: string | undefined): string {
  const answer = `${code} ${responseCodeName(code)}${remark === undefined ? '' : `: ${remark}`}`;
  if (code === ResponseCode.NO_PERMISSION && remark?.includes(FORBIDDEN_BY_SETTING)) {
    return `${answer}; set recallMessageEnable=true in the broker's configuration`;
  }
  if (code === ResponseCode.ILLEGAL_OPERATION && remark?.includes('timestamp')) {
    return `${answer}; the message was due already, or lies beyond the broker's timerMaxDelaySec`;
  }
  return answer;
}
