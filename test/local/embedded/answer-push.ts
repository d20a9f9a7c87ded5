import {
  EMPTY_BODY,
  encodeFrame,
  RESPONSE_FLAG,
  type RemotingCommand,
} from '../../../functions/rocketmq/protocol/remoting-command.ts';
import type { AdminConnection } from '../../../local/admin-connection.ts';

/** Takes the next request that the server sends to a client, answers it with a code, and resolves with it. */
export async function answerPush(client: AdminConnection, code = 0): Promise<RemotingCommand> {
  const push = await client.nextPush();
  client.writeRaw(encodeFrame({ ...push, code, flag: RESPONSE_FLAG, extFields: {}, body: EMPTY_BODY }, 'JSON'));
  return push;
}
