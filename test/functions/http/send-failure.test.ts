import { describe, expect, test } from 'vitest';
import {
  AccessDeniedError,
  BrokerTooOldError,
  DeadlineError,
  MessageError,
  NoNameServerError,
  RemotingConnectError,
  type RocketMQError,
  TopicRouteNotFoundError,
} from '#rocketmq';
import { answerTo, givenUp, invocationOf, refusal, sendFailed, timeout } from './http-invocation.ts';

const unreached = new RemotingConnectError('10.1.2.3:10911', 'refused', 3);
const noTime = new DeadlineError('send to topic "orders"', 3, 5);

describe('a message that is not stored', () => {
  test.each<[string, RocketMQError, number, string, object]>([
    ['timed out', sendFailed(timeout), 503, 'outcome-unknown', { outcome: 'unknown', msgId: 'id-of-message' }],
    ['timed out, then refused', sendFailed(refusal(2), timeout), 503, 'outcome-unknown', { outcome: 'unknown' }],
    ['refused as busy', sendFailed(refusal(2)), 429, 'flow-control', { outcome: 'refused' }],
    ['refused by flow control', sendFailed(refusal(215)), 429, 'flow-control', { outcome: 'refused' }],
    ['refused as illegal', sendFailed(refusal(13, false)), 422, 'message-illegal', { outcome: 'refused' }],
    ['refused otherwise', sendFailed(refusal(14)), 503, 'cluster-refused', { outcome: 'refused' }],
    ['refused, and then out of time', givenUp(noTime, refusal(14)), 503, 'cluster-refused', { outcome: 'refused' }],
    [
      'refused as busy, then not reached',
      sendFailed(unreached, refusal(2)),
      429,
      'flow-control',
      { outcome: 'refused' },
    ],
    ['not reached in time', givenUp(noTime, unreached), 503, 'cluster-unavailable', { outcome: 'notSent' }],
    ['denied', sendFailed(new AccessDeniedError('10.1.2.3:10911', 'no')), 503, 'cluster-unavailable', {}],
    ['without a name server', new NoNameServerError('10.1.2.3:9876 is away', []), 503, 'cluster-unavailable', {}],
    ['of the function without a topic', new TopicRouteNotFoundError('orders', ['10.1.2.3:9876']), 503, 'no-topic', {}],
    [
      'too new for its broker',
      new BrokerTooOldError('broker-a', '10.1.2.3:10911', { has: 'V4_9_5', needs: 'V5_0_0' }, 'a', 'b'),
      422,
      'delay-not-supported',
      { outcome: 'notSent' },
    ],
    ['illegal', new MessageError('body', 'the body is odd'), 422, 'invalid-message', { detail: 'the body is odd' }],
    ['at fault by a bug here', new MessageError('record', 'TypeError: 10.1.2.3'), 503, 'cluster-unavailable', {}],
  ])('(%s) is answered with a status, and with nothing of the inside', async (_what, error, status, code, facts) => {
    const { invocation } = invocationOf(() => error);
    const answer = await answerTo({ body: { body: 'x' } }, invocation);
    expect(answer).toMatchObject({ status, body: { status, code, ...facts } });
    expect(answer.text).not.toMatch(/10\.1\.2\.3|secret|Error|\bat /);
    const retryAfter = { 429: '1', 503: '5' }[status];
    expect(answer.headers['retry-after']).toBe(retryAfter);
  });

  test('because the topic of the path does not exist is answered with 404', async () => {
    const { invocation } = invocationOf(() => new TopicRouteNotFoundError('invoices', ['10.1.2.3:9876']));
    const answer = await answerTo({ path: '/topics/invoices/messages', body: { body: 'x' } }, invocation);
    expect(answer).toMatchObject({ status: 404, body: { code: 'unknown-topic', outcome: 'notSent' } });
  });

  test('because the time is up was not begun', async () => {
    const { invocation, sent } = invocationOf();
    const late = { ...invocation, deadline: { remainingMs: () => 10 } };
    expect(await answerTo({ body: { body: 'x' } }, late)).toMatchObject({
      status: 503,
      body: { code: 'no-time-left' },
    });
    expect(sent).toEqual([]);
  });
});
