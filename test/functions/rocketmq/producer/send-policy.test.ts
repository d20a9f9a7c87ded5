import { describe, expect, test } from 'vitest';
import { AccessDeniedError, BrokerError, SendFailedError } from '#rocketmq';
import { nextStep, refusalError, sendStatus } from '../../../../functions/rocketmq/producer/send-policy.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../../../../functions/rocketmq/protocol/response-code.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;

/** A refusal as brokers word it, and what has to come of it. */
interface RefusalRow {
  readonly code: number;
  readonly remark: string;
  readonly retryable: boolean;
  /** Of three that one broker could get. */
  readonly attempts: 1 | 3;
  /** Access control said so. */
  readonly isDenial?: true;
}

const again = (code: number, remark: string): RefusalRow => ({ code, remark, retryable: true, attempts: 3 });
const never = (code: number, remark: string): RefusalRow => ({ code, remark, retryable: false, attempts: 1 });
const denied = (code: number, remark: string): RefusalRow => ({ ...never(code, remark), isDenial: true });

/** Every answer of the protocol's tables that is not "stored": first those that a broker gives to a send. */
const refusals: readonly RefusalRow[] = [
  again(1, 'create mapped file failed, server is busy or broken.'),
  again(1, 'timer message is under flow control now'),
  again(1, 'request queueId[7] is illegal, TopicConfig [topicName=orders, readQueueNums=4, writeQueueNums=4]'),
  again(1, 'java.lang.NullPointerException, null'),
  again(1, 'broker unable to service, until Thu Jan 01 00:00:00 UTC 2026'),
  never(1, 'java.lang.RuntimeException: message body size exceeded, org.apache.rocketmq.store.DefaultMessageStore'),
  denied(1, 'org.apache.rocketmq.acl.common.AclException: No accessKey is configured'),
  denied(1, 'org.apache.rocketmq.acl.common.AclException: Check signature failed for accessKey=a'),
  denied(1, 'org.apache.rocketmq.acl.common.AclException: No default permission for topic:orders'),
  // A proxy of 5.5.0 in front of ACL 2.0.
  denied(1, 'Authentication failed. Please verify the credentials and try again.'),
  denied(1, 'username cannot be null.'),
  denied(1, 'User:x has no permission to access Topic:orders from 10.0.0.1, no matched policies.'),
  again(2, '[OVERLOAD]system busy, start flow control for a while'),
  again(2, '[REJECTREQUEST]system busy, start flow control for a while'),
  again(2, '[TIMEOUT_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: 202ms'),
  again(2, '[PCBUSY_CLEAN_QUEUE]broker busy, start flow control for a while, period in queue: 12ms'),
  never(3, ' request type 310 not supported'),
  never(13, 'the message is illegal, maybe msg body or properties length not matched.'),
  never(13, 'timer message illegal, the delay time should not be bigger than the max delay 259200000ms'),
  again(14, 'service not available now. It may be caused by one of the following reasons'),
  never(15, "Request doesn't have field bname"),
  denied(16, 'User:x has no permission to access Topic:orders from IP, no matched policies.'),
  denied(16, 'check signature failed.'),
  denied(16, 'username cannot be null.'),
  denied(16, 'Sending message to topic[SELF_TEST_TOPIC] is forbidden.'),
  again(16, 'the broker[10.0.0.1] sending message is forbidden'),
  again(17, 'topic[orders] not exist, apply first please!'),
  never(26, 'subscription group not exist, orders'),
  again(29, 'request queueId[7] is illegal'),
  again(501, 'orders-0 does not exist in request process of current broker broker-a'),
  again(1500, 'please go away'),
  again(204, 'no buyer id'),
  again(205, 'not in current unit'),
  again(215, 'flow control'),
  // Codes that answer other requests: whoever gives them to a send means something that trying again does not change.
  ...[4, 18, 19, 20, 21, 22, 23, 24, 25, 200, 201, 202, 203, 206, 207, 208, 209, 210, 211, 212, 213, 604].map((code) =>
    never(code, 'of another request'),
  ),
  never(3001, 'the user is not exist'),
  never(3002, 'the policy is not exist'),
  never(32_000, 'what a later release may say'),
];

const rows = refusals.map((row) => ({ ...row, name: responseCodeName(row.code) }));

test('every response code is in the table, or means stored', () => {
  const told = new Set(refusals.map(({ code }) => code));
  const silent = Object.values(ResponseCode).filter((code) => !told.has(code));
  expect(silent.map((code) => [code, sendStatus(code)])).toEqual([
    [0, 'SEND_OK'],
    [10, 'FLUSH_DISK_TIMEOUT'],
    [11, 'SLAVE_NOT_AVAILABLE'],
    [12, 'FLUSH_SLAVE_TIMEOUT'],
  ]);
});

test.each(rows)('$code $name "$remark" is a refusal of its own kind', async (row) => {
  const { code, name, remark, retryable, attempts, isDenial } = row;
  await using started = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 1 }] } });
  const { cluster, producer } = started;
  const { addr, faults, requests } = cluster.broker();
  faults.add({ kind: 'answer', code, remark, codes: [SEND] });
  const error = await rejectionOf(producer.send({ topic: TOPIC, body: 'x', msgId: 'id-1' }));
  if (!(error instanceof SendFailedError)) throw error;
  expect(error).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', outcome: 'refused', retryable });
  const text = isDenial
    ? `${addr} denied access: ${remark}; check access key, secret key, rights and IP of this producer`
    : `${addr} answered ${code} ${name}: ${remark}`;
  expect(error.attempts.map((attempt) => attempt.error.message)).toEqual(Array(attempts).fill(text));
  const tries = error.attempts.map(
    ({ elapsedMs }, index) => `${index + 1}) broker-a (${addr}) queue 0 after ${elapsedMs} ms: ${text}`,
  );
  expect(error.message).toBe(
    `message id-1 to topic "${TOPIC}" failed after ${attempts} attempt(s): ${tries.join('; ')}`,
  );
  expect(error.cause).toBeInstanceOf(isDenial ? AccessDeniedError : BrokerError);
  expect(error.cause).toMatchObject({
    outcome: 'refused',
    retryable,
    remark,
    ...(isDenial ? {} : { responseCode: code }),
  });
  expect(requests.count(SEND)).toBe(attempts);
  expect(cluster.messages(TOPIC)).toEqual([]);
});

describe('an answer without a remark', () => {
  test.each([1, 2, 13, 16])('%d is judged by its code', (code) => {
    const error = refusalError('10.0.0.1:10911', code, undefined);
    expect(error instanceof AccessDeniedError).toBe(code === 16);
    expect(error.message).not.toMatch(/undefined|: $/);
  });
});

test.each([1, 16])('a denial (%d) is asked of one broker only, though another is there', async (code) => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  const remark = 'org.apache.rocketmq.acl.common.AclException: No acl config for x';
  for (const { faults } of cluster.brokers) faults.add({ kind: 'answer', code, remark, codes: [SEND] });
  expect(await rejectionOf(producer.send({ topic: TOPIC, body: 'x' }))).toMatchObject({
    attempts: [{ error: { code: 'ROCKETMQ_ACCESS_DENIED' } }],
    cause: { code: 'ROCKETMQ_ACCESS_DENIED', retryable: false, outcome: 'refused' },
  });
  expect(cluster.brokers.reduce((sum, { requests }) => sum + requests.count(SEND), 0)).toBe(1);
});

test('what can be stored later is tried again now, and what cannot is not', () => {
  for (const { code, remark, retryable } of refusals) {
    const error = refusalError('10.0.0.1:10911', code, remark);
    expect([code, remark, nextStep(error) !== 'none']).toEqual([code, remark, retryable]);
  }
});
