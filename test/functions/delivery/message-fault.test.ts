import { expect, test } from 'vitest';
import {
  AccessDeniedError,
  BrokerError,
  BrokerTooOldError,
  ClientClosedError,
  DeadlineError,
  MessageError,
  OptionsError,
  RemotingTimeoutError,
  type RocketMQError,
  SendFailedError,
  TopicRouteNotFoundError,
} from '#rocketmq';
import { isMessageAtFault } from '../../../functions/delivery/message-fault.ts';

const place = { brokerName: 'broker-a', addr: 'a:1', queueId: 0, elapsedMs: 5 };

/** A send that failed with these, one after the other. */
function sendFailed(...errors: readonly [RocketMQError, ...RocketMQError[]]): SendFailedError {
  const attempts = errors.map((error) => ({ ...place, error }));
  return new SendFailedError('orders', 'id', attempts, errors.at(-1) ?? errors[0]);
}

const refused = (code: number, name: string, retryable: boolean) =>
  new BrokerError('a:1', { code, name, remark: undefined, retryable });
const illegal = refused(13, 'MESSAGE_ILLEGAL', false);

test.each<[string, RocketMQError]>([
  ['that is refused here', new MessageError('body', 'too large')],
  ['that a broker calls illegal', sendFailed(illegal)],
  ['that a broker calls illegal after another one failed', sendFailed(refused(1, 'SYSTEM_ERROR', true), illegal)],
])('a message %s is at fault', (_what, error) => {
  expect(isMessageAtFault(error)).toBe(true);
});

test.each<[string, RocketMQError]>([
  ['may be stored, whatever came after', sendFailed(new RemotingTimeoutError('a:1', 1, 5), illegal)],
  ['met a busy broker', sendFailed(refused(2, 'SYSTEM_BUSY', true))],
  ['met an answer that nobody knows', sendFailed(refused(4711, '4711', false))],
  ['lacks rights', sendFailed(new AccessDeniedError('a:1', undefined))],
  ['is for a topic that is not there yet', new TopicRouteNotFoundError('orders', ['n:9876'])],
  ['needs a newer broker', new BrokerTooOldError('a', 'a:1', { has: '4.9.5', needs: '5.0.0' }, 'a delay', 'not wait')],
  ['came too late', new DeadlineError('record', 1, 50)],
  ['met a closed client', new ClientClosedError()],
  ['met wrong settings', new OptionsError('ROCKETMQ_MAPPING', ['no'])],
])('a message that %s is not at fault', (_what, error) => {
  expect(isMessageAtFault(error)).toBe(false);
});
