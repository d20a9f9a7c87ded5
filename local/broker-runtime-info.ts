import { Buffer } from 'node:buffer';
import type { RemotingCommand } from '../functions/rocketmq/protocol/remoting-command.ts';
import { ResponseCode } from '../functions/rocketmq/protocol/response-code.ts';
import type { AdminRequest } from './admin-connection.ts';

const GET_BROKER_RUNTIME_INFO = 28;

/**
 * What a broker tells of itself, all of it text. `undefined` of one that cannot: embedded ones, proxies, and real ones until they
 * have taken their first statistics.
 */
export async function brokerRuntimeInfo(
  ask: (request: AdminRequest) => Promise<RemotingCommand>,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { code, body } = await ask({ code: GET_BROKER_RUNTIME_INFO });
  if (code !== ResponseCode.SUCCESS) return undefined;
  const { table } = JSON.parse(Buffer.from(body).toString()) as { table: Readonly<Record<string, string>> };
  return table;
}
