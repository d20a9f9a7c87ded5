import { AclField } from '../../../functions/rocketmq/protocol/acl-signature.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { AclSettings } from './acl-settings.ts';
import { isSignedBy } from './signature-check.ts';
import { type AccessTable, isAllowed, topicAccesses } from './topic-access.ts';

/** Java: `DefaultAuthorizationContextBuilder`. Replies have no rule. */
const ACCESSES: AccessTable = new Map([
  [RequestCode.SEND_MESSAGE, ['topic', 'PUB']],
  [RequestCode.SEND_MESSAGE_V2, ['b', 'PUB']],
  [RequestCode.SEND_BATCH_MESSAGE, ['b', 'PUB']],
  [RequestCode.RECALL_MESSAGE, ['topic', 'PUB']],
  [RequestCode.END_TRANSACTION, ['topic', 'PUB']],
  [RequestCode.PULL_MESSAGE, ['topic', 'SUB']],
  [RequestCode.HEART_BEAT, ['', 'SUB']],
  [RequestCode.QUERY_MESSAGE, ['topic', 'SUB', 'GET']],
  [RequestCode.VIEW_MESSAGE_BY_ID, ['topic', 'GET']],
  [RequestCode.QUERY_CONSUMER_OFFSET, ['topic', 'SUB', 'GET']],
  [RequestCode.UPDATE_CONSUMER_OFFSET, ['topic', 'SUB', 'UPDATE']],
  [RequestCode.GET_MAX_OFFSET, ['topic', 'GET']],
  [RequestCode.GET_MIN_OFFSET, ['topic', 'GET']],
  [RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, ['topic', 'GET']],
  [RequestCode.GET_EARLIEST_MSG_STORETIME, ['topic', 'GET']],
  [RequestCode.GET_TOPIC_CONFIG, ['topic', 'GET']],
  [RequestCode.UPDATE_AND_CREATE_TOPIC, ['topic', 'CREATE']],
]);

/** Why ACL 2.0 refuses a request, with both authentication and authorization on: code 16, whatever is the matter. */
export function refusalOfAclV2(
  { users }: AclSettings,
  { request, connection }: Exchange,
  version: number,
): Answer | undefined {
  const refuse = (remark: string): Answer => ({ code: ResponseCode.NO_PERMISSION, remark });
  const name = request.extFields[AclField.ACCESS_KEY];
  if (name === undefined) return refuse('username cannot be null.');
  const user = users.find(({ accessKey }) => accessKey === name);
  if (user === undefined) return refuse(`User:${name} is not found.`);
  if (!isSignedBy(user, request, version)) return refuse('check signature failed.');
  const denied = topicAccesses(request, ACCESSES).find((access) => !isAllowed(user, access));
  if (denied === undefined) return undefined;
  const where = `Topic:${denied.topic} from ${connection.remote.host}`;
  return refuse(`User:${name} has no permission to access ${where}, no matched policies.`);
}
