import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../../../functions/rocketmq/errors.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { HandlerEntries } from '../exchange.ts';
import type { BrokerContext } from './broker-context.ts';
import type { LockableQueue } from './queue-locks.ts';

interface LockRequest {
  readonly consumerGroup: string;
  readonly clientId: string;
  readonly mqSet: readonly LockableQueue[];
}

/** LOCK_BATCH_MQ and UNLOCK_BATCH_MQ: what lets one orderly consumer of a group have a queue for itself. */
export function lockRequests({ clock, queueLocks }: BrokerContext): HandlerEntries {
  const lock = ({ consumerGroup, clientId, mqSet }: LockRequest) => {
    const now = clock.now();
    const lockOKMQSet = mqSet.filter((queue) => queueLocks.lock(consumerGroup, queue, clientId, now));
    return { code: ResponseCode.SUCCESS, body: Buffer.from(JSON.stringify({ lockOKMQSet })) };
  };
  const unlock = ({ consumerGroup, clientId, mqSet }: LockRequest) => {
    for (const queue of mqSet) queueLocks.unlock(consumerGroup, queue, clientId);
    return { code: ResponseCode.SUCCESS };
  };
  return [
    [RequestCode.LOCK_BATCH_MQ, ({ request }) => lock(lockRequest(request))],
    [RequestCode.UNLOCK_BATCH_MQ, ({ request }) => unlock(lockRequest(request))],
  ];
}

function lockRequest({ body }: RemotingCommand): LockRequest {
  const { consumerGroup, clientId, mqSet } = JSON.parse(new TextDecoder().decode(body)) as Partial<LockRequest>;
  if (typeof consumerGroup !== 'string' || typeof clientId !== 'string' || !Array.isArray(mqSet)) {
    throw new RemotingCommandError('lock request without consumerGroup, clientId or mqSet', 0);
  }
  return { consumerGroup, clientId, mqSet };
}
