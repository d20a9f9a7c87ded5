import { AclField, aclSignature } from '../../../functions/rocketmq/protocol/acl-signature.ts';
import { MQVersion } from '../../../functions/rocketmq/protocol/mq-version.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { V5_1_0 } from '../server-release.ts';
import type { AclUser } from './acl-settings.ts';

/** The header field that older servers and clients leave out of the signed content. */
const UNIQUE_QUERY_FLAG = '_UNIQUE_KEY_QUERY';

/** Whether a request bears the signature of a user, over its header fields and body as they were received. */
export function isSignedBy(user: AclUser, request: RemotingCommand, serverVersion: number): boolean {
  const { extFields, body, version } = request;
  if (user.securityToken !== undefined && extFields[AclField.SECURITY_TOKEN] !== user.securityToken) return false;
  const leavesFlagOut = serverVersion < V5_1_0 || version < MQVersion.V4_9_4;
  const signed = Object.entries(extFields).filter(([name]) => !(leavesFlagOut && name === UNIQUE_QUERY_FLAG));
  // An empty value of a binary header is read as null, which Java writes out.
  const content = Object.fromEntries(signed.map(([name, value]) => [name, value ?? 'null']));
  return extFields[AclField.SIGNATURE] === aclSignature(content, body, user.secretKey);
}
