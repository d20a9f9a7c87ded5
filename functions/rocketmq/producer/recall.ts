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

/** What a broker says that does not recall at all. */
const FORBIDDEN_BY_SETTING = 'operation is forbidden';

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
  const timeoutMs = Math.max(1, deadline.remainingMs());
  const version = await client.brokerVersion(addr, timeoutMs);
  if (version < MQVersion.V5_3_2) {
    const versions = { has: versionName(version), needs: versionName(MQVersion.V5_3_2) };
    throw new BrokerTooOldError(brokerName, addr, versions, 'recall', 'not know the request');
  }
  const extFields = { producerGroup: group, topic, recallHandle, bname: brokerName };
  const ask = () =>
    client.invoke(addr, { code: RequestCode.RECALL_MESSAGE, extFields }, Math.max(1, deadline.remainingMs()));
  const { securityVersion } = client;
  let answer = await ask();
  // Keys rotate: after a denial they are fetched anew, and if they changed, the broker is asked once more.
  if (isDenial(answer) && (await client.refreshSecurity(securityVersion, deadline))) answer = await ask();
  if (answer.code === ResponseCode.SUCCESS) return answer.extFields.msgId ?? '';
  if (isDenial(answer)) throw new AccessDeniedError(addr, answer.remark);
  throw new RecallError(`${addr} answered ${explain(answer.code, answer.remark)}`, answer.code);
}

/** Whether access control said no, rather than the broker's configuration. */
function isDenial({ code, remark }: { readonly code: number; readonly remark: string | undefined }): boolean {
  return code === ResponseCode.NO_PERMISSION && remark?.includes(FORBIDDEN_BY_SETTING) !== true;
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
