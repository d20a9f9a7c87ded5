import { Buffer } from 'node:buffer';
import type { RemotingCommand } from '../functions/rocketmq/protocol/remoting-command.ts';
import { ResponseCode } from '../functions/rocketmq/protocol/response-code.ts';
import type { AdminRequest } from './admin-connection.ts';
import { poll } from './poll.ts';

const GET_BROKER_RUNTIME_INFO = 28;
/** A broker makes a stored message visible within milliseconds, on a machine that is not overloaded. */
const LIMIT_MS = 10_000;

/**
 * Resolves when every message that a broker has stored until now is in its queues. Real brokers fill the queues in the
 * background, so that an acknowledged message is in no count and no pull for a moment.
 *
 * A broker that cannot say how far it is (embedded ones, which have no such moment; proxies; real ones until they have
 * taken their first statistics) is not waited for.
 */
export async function allDispatched(ask: (request: AdminRequest) => Promise<RemotingCommand>): Promise<void> {
  let storedUntil: number | undefined;
  await poll(LIMIT_MS, 'a broker to dispatch what it has stored', async () => {
    const { code, body } = await ask({ code: GET_BROKER_RUNTIME_INFO });
    if (code !== ResponseCode.SUCCESS) return true;
    const { table } = JSON.parse(Buffer.from(body).toString()) as { table: Readonly<Record<string, string>> };
    const maxOffset = Number(table.commitLogMaxOffset);
    storedUntil ??= maxOffset;
    return maxOffset - Number(table.dispatchBehindBytes) >= storedUntil ? true : undefined;
  });
}
