import type { RemotingCommand } from '../functions/rocketmq/protocol/remoting-command.ts';
import type { AdminRequest } from './admin-connection.ts';
import { brokerRuntimeInfo } from './broker-runtime-info.ts';
import { poll } from './poll.ts';

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
    const info = await brokerRuntimeInfo(ask);
    if (info === undefined) return true;
    const maxOffset = Number(info.commitLogMaxOffset);
    storedUntil ??= maxOffset;
    return maxOffset - Number(info.dispatchBehindBytes) >= storedUntil ? true : undefined;
  });
}
