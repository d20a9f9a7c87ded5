import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../../../functions/rocketmq/errors.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { HandlerEntries } from '../exchange.ts';
import type { BrokerContext } from './broker-context.ts';

/** A lock that was not renewed for so long is free (Java: `RebalanceLockManager`). */
const LOCK_EXPIRY_MS = 60_000;

interface LockRequest {
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly mqSet: readonly { readonly topic: string; readonly brokerName: string; readonly queueId: number }[];
}

/** LOCK_BATCH_MQ and UNLOCK_BATCH_MQ: what lets one orderly consumer of a group have a queue for itself. */
export function lockRequests(broker: BrokerContext): HandlerEntries {
  const locks = new Map<string, { clientId: string; lockedAt: number }>();
  const lock = ({ consumerGroup, clientId, mqSet }: LockRequest) => {
    const now = broker.clock.now();
    const lockOKMQSet = mqSet.filter((queue) => {
      const key = lockKey(consumerGroup, queue);
      const held = locks.get(key);
      if (held !== undefined && held.clientId !== clientId && now - held.lockedAt < LOCK_EXPIRY_MS) return false;
      locks.set(key, { clientId, lockedAt: now });
      return true;
    });
    return { code: ResponseCode.SUCCESS, body: Buffer.from(JSON.stringify({ lockOKMQSet })) };
  };
  const unlock = ({ consumerGroup, clientId, mqSet }: LockRequest) => {
    for (const queue of mqSet) {
      const key = lockKey(consumerGroup, queue);
      if (locks.get(key)?.clientId === clientId) locks.delete(key);
    }
    return { code: ResponseCode.SUCCESS };
  };
  return [
    [RequestCode.LOCK_BATCH_MQ, ({ request }) => lock(lockRequest(request))],
    [RequestCode.UNLOCK_BATCH_MQ, ({ request }) => unlock(lockRequest(request))],
  ];
}

function lockKey(group: string, { topic, queueId }: LockRequest['mqSet'][number]): string {
  return `${group}\n${topic}\n${queueId}`;
}

function lockRequest({ body }: RemotingCommand): LockRequest {
  const { consumerGroup, clientId, mqSet } = JSON.parse(new TextDecoder().decode(body)) as Partial<LockRequest>;
  if (typeof consumerGroup !== 'string' || typeof clientId !== 'string' || !Array.isArray(mqSet)) {
    throw new RemotingCommandError('lock request without consumerGroup, clientId or mqSet', 0);
  }
  return { consumerGroup, clientId, mqSet };
}
