import { isAccessDenial } from '../client/access-denial.ts';
import type { ClientInstance } from '../client/client-instance.ts';
import { brokerOf } from '../client/topic-publish-info.ts';
import type { Deadline } from '../deadline.ts';
import {
  AccessDeniedError,
  BrokerTooOldError,
  NoWritableQueueError,
  RecallError,
  RemotingCommandError,
} from '../errors.ts';
import { MQVersion, versionName } from '../protocol/mq-version.ts';
import { decodeRecallHandle } from '../protocol/recall-handle.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../protocol/response-code.ts';
import { refusalError } from './send-policy.ts';

/** What a broker says that does not recall at all. */
const FORBIDDEN_BY_SETTING = 'operation is forbidden';

/** Answers about the broker rather than the message: the same recall can succeed later. */
const BROKER_NOT_READY: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_BUSY,
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
  const info = await client.publishInfo(topic, deadline);
  // Behind a proxy brokers go by other names: there any of them will do.
  const addr = info.masterAddrs.get(brokerName) ?? (info.queues[0] && brokerOf(info, info.queues[0])?.addr);
  if (addr === undefined) throw new NoWritableQueueError(topic, info.emptyReason ?? `${brokerName} has no master now`);
  const { securityVersion } = client;
  const ask = () => askFor(client, brokerName, addr, { producerGroup: group, topic, recallHandle }, deadline);
  try {
    return await ask();
  } catch (error) {
    // Keys rotate: after a denial they are fetched anew, and if they changed, the broker is asked once more.
    if (error instanceof AccessDeniedError && (await client.refreshSecurity(securityVersion, deadline))) return ask();
    throw error;
  }
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
  if (BROKER_NOT_READY.has(answer.code)) throw refusalError(addr, answer.code, answer.remark);
  throw new RecallError(`${addr} answered ${explain(answer.code, answer.remark)}`, answer.code);
}

function readHandle(recallHandle: string) {
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
