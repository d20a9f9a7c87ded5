import { AclField } from '../../../functions/rocketmq/protocol/acl-signature.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer } from '../exchange.ts';
import type { AclSettings } from './acl-settings.ts';
import { isSignedBy } from './signature-check.ts';
import { type AccessTable, isAllowed, topicAccesses } from './topic-access.ts';

/** Java: `PlainAccessResource.parse`. Batches, ends of transactions, replies and most queries have no rule. */
const ACCESSES: AccessTable = new Map([
  [RequestCode.SEND_MESSAGE, ['topic', 'PUB']],
  [RequestCode.SEND_MESSAGE_V2, ['b', 'PUB']],
  [RequestCode.PULL_MESSAGE, ['topic', 'SUB']],
  [RequestCode.QUERY_MESSAGE, ['topic', 'SUB']],
  [RequestCode.HEART_BEAT, ['', 'SUB']],
]);

/** Every user may write traces. */
const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';

/** Why ACL 1.0 refuses a request: code 1, as for any exception, and the exception's text with the place it was thrown at. */
export function refusalOfAclV1({ users }: AclSettings, request: RemotingCommand, version: number): Answer | undefined {
  const name = request.extFields[AclField.ACCESS_KEY];
  if (name === undefined) return refuse('No accessKey is configured', 'validate', 663);
  const user = users.find(({ accessKey }) => accessKey === name);
  if (user === undefined) return refuse(`No acl config for ${name}`, 'validate', 667);
  if (!isSignedBy(user, request, version)) {
    return refuse(`Check signature failed for accessKey=${name}`, 'validate', 683);
  }
  if (request.code === RequestCode.UPDATE_AND_CREATE_TOPIC && user.topics !== undefined) {
    const need = `Need admin permission for request code=${request.code}, but accessKey=${name} is not`;
    return refuse(need, 'checkPerm', 580);
  }
  const accesses = topicAccesses(request, ACCESSES).filter(({ topic }) => topic !== TRACE_TOPIC);
  const denied = accesses.find((access) => !isAllowed(user, access));
  return denied && refuse(`No default permission for topic:${denied.topic}`, 'checkPerm', 605);
}

function refuse(text: string, method: string, line: number): Answer {
  const at = `org.apache.rocketmq.acl.plain.PlainPermissionManager.${method}(PlainPermissionManager.java:${line})`;
  const remark = `org.apache.rocketmq.acl.common.AclException: ${text}, ${at}`;
  // Thrown before the answer takes over the serialization of the request.
  return { code: ResponseCode.SYSTEM_ERROR, remark, isAlwaysJson: true };
}
