import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { createClient, deadlineAfter, SendFailedError, type SendStatus } from '#rocketmq';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { nameServerOf, routeOver } from '../client/routes.ts';
import { type Script, startFrameServer } from '../remoting/frame-server.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const MESSAGE = { topic: TOPIC, body: 'x' };

async function failureOf(promise: Promise<unknown>): Promise<SendFailedError> {
  const error = await rejectionOf(promise);
  if (error instanceof SendFailedError) return error;
  throw error;
}

describe('an answer that means stored', () => {
  test.each<[number, SendStatus]>([
    [0, 'SEND_OK'],
    [10, 'FLUSH_DISK_TIMEOUT'],
    [11, 'SLAVE_NOT_AVAILABLE'],
    [12, 'FLUSH_SLAVE_TIMEOUT'],
  ])('%d is %s, and nothing is sent again', async (code, status) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code, isStored: true, codes: [SEND] });
    expect(await producer.send(MESSAGE)).toMatchObject({ status, attempts: 1, isPossibleDuplicate: false });
    expect(cluster.messages(TOPIC)).toHaveLength(1);
  });
});

describe('an answer that means refused, by the only broker,', () => {
  // Code, remark, its name, whether it can be stored later, attempts of three that are made.
  const again = { retryable: true, attempts: 3 };
  const never = { retryable: false, attempts: 1 };
  test.each<[number, string, string, { retryable: boolean; attempts: number }]>([
    [1, 'SYSTEM_ERROR', 'create mapped file failed, server is busy or broken.', again],
    [2, 'SYSTEM_BUSY', '[PC_SYNCHRONIZED]broker busy', again],
    [3, 'REQUEST_CODE_NOT_SUPPORTED', ' request type 310 not supported', never],
    [13, 'MESSAGE_ILLEGAL', 'the message is illegal', never],
    [14, 'SERVICE_NOT_AVAILABLE', 'service not available now', again],
    [16, 'NO_PERMISSION', 'the broker[10.0.0.1] sending message is forbidden', again],
    [17, 'TOPIC_NOT_EXIST', 'topic[orders] not exist, apply first please!', again],
    [26, 'SUBSCRIPTION_GROUP_NOT_EXIST', 'subscription group not exist, x', never],
    [29, 'INVALID_PARAMETER', 'request queueId[7] is illegal', again],
    [204, 'NO_BUYER_ID', 'no', again],
    [205, 'NOT_IN_CURRENT_UNIT', 'no', again],
    [215, 'FLOW_CONTROL', 'no', again],
    [501, 'NOT_LEADER_FOR_QUEUE', 'orders-0 does not exist in request process of current broker', again],
    [604, 'ILLEGAL_OPERATION', 'no', never],
    [1500, 'GO_AWAY', 'please go away', again],
    [4711, 'UNKNOWN_CODE', 'what a later release may say', never],
  ])('%d %s "%s"', async (code, name, remark, { retryable, attempts }) => {
    await using started = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 1 }] } });
    const { cluster, producer } = started;
    const broker = cluster.broker();
    broker.faults.add({ kind: 'answer', code, remark, codes: [SEND] });
    const error = await failureOf(producer.send(MESSAGE));
    expect(error).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', outcome: 'refused', retryable, topic: TOPIC });
    expect(error.attempts).toHaveLength(attempts);
    for (const attempt of error.attempts) {
      expect(attempt).toMatchObject({ brokerName: 'broker-a', addr: broker.addr, queueId: 0 });
      expect(attempt.error).toMatchObject({ code: 'ROCKETMQ_BROKER', responseCode: code, remark, outcome: 'refused' });
      expect(attempt.error.message).toBe(`${broker.addr} answered ${code} ${name}: ${remark}`);
    }
    expect(error.cause).toBe(error.attempts.at(-1)?.error);
    expect(broker.requests.count(SEND)).toBe(attempts);
    expect(cluster.messages(TOPIC)).toHaveLength(0);
  });

  test.each([
    [1, 'org.apache.rocketmq.acl.common.AclException: No accessKey is configured'],
    [16, 'User:x has no permission to access Topic:orders'],
  ])('%d "%s" is a denial, which no second attempt would change', async (code, remark) => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    for (const { faults } of cluster.brokers) faults.add({ kind: 'answer', code, remark, codes: [SEND] });
    const error = await failureOf(producer.send(MESSAGE));
    expect(error).toMatchObject({ outcome: 'refused', retryable: false });
    const [attempt] = error.attempts;
    const denial = {
      code: 'ROCKETMQ_ACCESS_DENIED',
      addr: attempt?.addr,
      remark,
      outcome: 'refused',
      retryable: false,
    };
    expect(error.attempts).toMatchObject([{ error: denial }]);
    expect(error.cause).toBe(attempt?.error);
    expect(sends(cluster.brokers)).toBe(1);
  });

  test('is followed by a stored message when the broker thinks better of it', async () => {
    await using started = await startProducer();
    started.cluster.broker().faults.add({ kind: 'answer', code: 2, codes: [SEND], times: 2 });
    expect(await started.producer.send(MESSAGE)).toMatchObject({ attempts: 3, isPossibleDuplicate: false });
  });

  test('is all that is known when a broker says yes without saying where', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code: 0, codes: [SEND], times: 1 });
    const result = await producer.send(MESSAGE);
    expect(result).toMatchObject({ attempts: 2, isPossibleDuplicate: true });
  });
});

describe('with two brokers', () => {
  test.each([1, 2, 14, 16, 17, 29, 501])('the attempt after a %d goes to the other one', async (code) => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const remark = 'sending message is forbidden';
    for (const broker of cluster.brokers) {
      broker.faults.add({ kind: 'answer', code, remark, codes: [SEND], when: () => sends(cluster.brokers) === 1 });
    }
    const result = await producer.send(MESSAGE);
    expect(result.attempts).toBe(2);
    expect(cluster.brokers.map(({ requests }) => requests.count(SEND))).toEqual([1, 1]);
    expect(cluster.broker(result.queue.brokerName).messages(TOPIC)).toHaveLength(1);
  });

  test('a broker that failed rests until the clock says so', async () => {
    let now = Date.now();
    await using started = await startProducer({ cluster: TWO_BROKERS, client: { clock: { now: () => now } } });
    const { cluster, producer } = started;
    const [a, b] = [cluster.broker('broker-a'), cluster.broker('broker-b')];
    const fault = a.faults.add({ kind: 'answer', code: 14, codes: [SEND] });
    while (fault.strikes === 0) await producer.send(MESSAGE);
    fault.remove();
    const stored = a.messages(TOPIC).length;
    for (let count = 0; count < 6; count++) await producer.send(MESSAGE);
    expect(a.messages(TOPIC)).toHaveLength(stored);
    now += 10_000;
    for (let count = 0; count < 8; count++) await producer.send(MESSAGE);
    expect(a.messages(TOPIC).length - stored).toBe(4);
    expect(b.messages(TOPIC).length).toBeGreaterThanOrEqual(10);
  });

  test('the end of an invocation is not held up beyond the budget by a route that no send waits for', async () => {
    const client = { dueWorkBudgetMs: 50, nameServerTimeoutMs: 60_000 };
    const producer = { attemptTimeoutMs: 30_000, sendTimeoutMs: 60_000 };
    await using started = await startProducer({ cluster: TWO_BROKERS, client, producer });
    await started.producer.send(MESSAGE);
    const question = started.cluster.nameServer().faults.add({ kind: 'no-answer', isStored: false });
    await started.cluster.broker('broker-a').stop();
    const upkeep = await started.client.beginInvocation(deadlineAfter(60_000));
    while (question.strikes === 0) await started.producer.send(MESSAGE);
    await upkeep.end();
    expect(started.client.pendingCount).toBe(0);
  });

  test('one that refuses connections is left for the other, and the route is fetched anew', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, client, producer } = started;
    cluster.nameServer().setRoute(TOPIC, cluster.nameServer().routeOf(TOPIC));
    await cluster.broker('broker-a').stop();
    const upkeep = await client.beginInvocation(deadlineAfter(5000));
    const results = [];
    for (let count = 0; count < 9; count++) results.push(await producer.send(MESSAGE));
    await upkeep.end();
    expect(new Set(results.map(({ queue }) => queue.brokerName))).toEqual(new Set(['broker-b']));
    expect(results.map(({ attempts }) => attempts).toSorted()).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(results.some(({ isPossibleDuplicate }) => isPossibleDuplicate)).toBe(false);
    expect(cluster.nameServer().requests.count(RequestCode.GET_ROUTEINFO_BY_TOPIC)).toBe(2);
    expect(client.pendingCount).toBe(0);
  });

  test.each([false, true])(
    'one that advertises no usable address is left for the other, and rests, vipChannel: %s',
    async (vipChannel) => {
      await using started = await startProducer({ cluster: TWO_BROKERS, client: { vipChannel } });
      const { cluster, producer } = started;
      const [a, b] = [cluster.broker('broker-a'), cluster.broker('broker-b')];
      a.advertisedAddr = 'broker-a';
      if (vipChannel) b.advertisedAddr = `127.0.0.1:${b.port + 2}`;
      const results = [];
      for (let count = 0; count < 8; count++) results.push(await producer.send(MESSAGE));
      expect(new Set(results.map(({ queue }) => queue.brokerName))).toEqual(new Set(['broker-b']));
      expect(results.map(({ attempts }) => attempts).toSorted()).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
    },
  );

  test('that refuse connections both, the error names both', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const addrs = cluster.brokerAddrs;
    cluster.nameServer().setRoute(TOPIC, cluster.nameServer().routeOf(TOPIC));
    await Promise.all(cluster.brokers.map((broker) => broker.stop()));
    const error = await failureOf(producer.send(MESSAGE));
    expect(error).toMatchObject({ outcome: 'notSent', retryable: true });
    expect(new Set(error.attempts.map(({ addr }) => addr))).toEqual(new Set(addrs));
    for (const attempt of error.attempts) expect(attempt.error.message).toContain('connection refused');
  });
});

describe('an attempt without an answer', () => {
  const QUICK = { attemptTimeoutMs: 150, sendTimeoutMs: 5000 };

  test('is followed by another with the same id, whose message may be a duplicate', async () => {
    await using started = await startProducer({ producer: QUICK });
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'no-answer', isStored: true, codes: [SEND], times: 1 });
    const result = await producer.send(MESSAGE);
    expect(result).toMatchObject({ attempts: 2, isPossibleDuplicate: true });
    const ids = cluster.messages(TOPIC).map(({ properties }) => properties.UNIQ_KEY);
    expect(ids).toEqual([result.msgId, result.msgId]);
  });

  test.each(['FIN', 'RST'] as const)('because of a %s is unknown, and a possible duplicate too', async (how) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    await producer.send(MESSAGE);
    cluster.broker().faults.add({ kind: 'close', how, isStored: true, codes: [SEND], times: 1 });
    const result = await producer.send(MESSAGE);
    expect(result).toMatchObject({ attempts: 2, isPossibleDuplicate: true });
    expect(cluster.messages(TOPIC).filter(({ properties }) => properties.UNIQ_KEY === result.msgId)).toHaveLength(2);
  });

  test('leaves the outcome unknown when no other is answered, with an entry for each', async () => {
    await using started = await startProducer({ producer: QUICK });
    const { cluster, producer } = started;
    const { addr } = cluster.broker();
    cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [SEND] });
    const error = await failureOf(producer.send({ ...MESSAGE, msgId: 'id-1' }));
    expect(error).toMatchObject({ outcome: 'unknown', retryable: true, msgId: 'id-1' });
    expect(error.attempts).toHaveLength(3);
    for (const [index, attempt] of error.attempts.entries()) {
      const { queueId, elapsedMs } = attempt;
      expect(attempt.error).toMatchObject({ code: 'ROCKETMQ_TIMEOUT', outcome: 'unknown' });
      expect(error.message).toContain(`${index + 1}) broker-a (${addr}) queue ${queueId} after ${elapsedMs} ms`);
    }
    expect(error.message).toContain('message id-1 to topic "orders" failed after 3 attempt(s)');
  });

  test('makes the outcome unknown even when the last attempt was refused for good', async () => {
    await using started = await startProducer({ producer: QUICK });
    const { faults } = started.cluster.broker();
    faults.add({ kind: 'no-answer', isStored: true, codes: [SEND], times: 1 });
    faults.add({ kind: 'answer', code: 13, codes: [SEND] });
    expect(await failureOf(started.producer.send(MESSAGE))).toMatchObject({ outcome: 'unknown', retryable: false });
  });

  test('ends by the time limit of the send, whatever attempts are left', async () => {
    const limits = { attemptTimeoutMs: 200, sendTimeoutMs: 300, maxAttempts: 16 };
    await using started = await startProducer({ producer: limits });
    started.cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [SEND] });
    const error = await failureOf(started.producer.send(MESSAGE));
    expect(error.attempts.length).toBeLessThanOrEqual(2);
    expect(error.cause).toMatchObject({ code: 'ROCKETMQ_DEADLINE' });
    expect(error).toMatchObject({ outcome: 'unknown', retryable: true });
  });

  test('ends by the deadline that was given, where that is earlier', async () => {
    await using started = await startProducer({ producer: { maxAttempts: 16 } });
    started.cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [SEND] });
    const error = await failureOf(started.producer.send(MESSAGE, { deadline: deadlineAfter(200) }));
    expect(error.attempts).toHaveLength(1);
    expect(error.outcome).toBe('unknown');
  });

  test('is the only one where options say so', async () => {
    await using started = await startProducer({ producer: { ...QUICK, maxAttempts: 1 } });
    started.cluster.broker().faults.add({ kind: 'answer', code: 2, codes: [SEND] });
    expect((await failureOf(started.producer.send(MESSAGE))).attempts).toHaveLength(1);
  });
});

describe('a request that is sent again on a new connection, because the one from before a freeze was dead, and is then refused', () => {
  /** The broker stores the first copy and its connection ends before the answer; the second copy is answered so. */
  async function sendAfterFreeze(maxAttempts: number, fault: { code: number; remark?: string }) {
    const started = await startProducer({ producer: { maxAttempts } });
    const { cluster, client, producer } = started;
    await producer.send({ topic: TOPIC, body: 'before' });
    const upkeep = await client.beginInvocation(deadlineAfter(10_000));
    cluster.broker().faults.add({ kind: 'close', how: 'RST', isStored: true, codes: [SEND], times: 1 });
    cluster.broker().faults.add({ kind: 'answer', ...fault, codes: [SEND], times: 1 });
    const [settled] = await Promise.allSettled([producer.send({ topic: TOPIC, body: 'x' })]);
    await upkeep.end();
    return { settled, copies: cluster.messages(TOPIC).length - 1, [Symbol.asyncDispose]: started[Symbol.asyncDispose] };
  }

  test('may be stored all the same, and its next attempt a duplicate', async () => {
    await using sent = await sendAfterFreeze(3, { code: 2 });
    expect(sent).toMatchObject({ settled: { value: { isPossibleDuplicate: true, attempts: 2 } }, copies: 2 });
  });

  test.each([
    ['is busy', { code: 2 }],
    ['denies access', { code: 16, remark: 'check signature failed.' }],
  ])('has an unknown outcome when it is the last attempt, and the broker %s', async (_what, fault) => {
    await using sent = await sendAfterFreeze(1, fault);
    expect(sent).toMatchObject({ settled: { reason: { outcome: 'unknown' } }, copies: 1 });
  });
});

test.each(['FIN', 'RST'] as const)(
  'a connection that ends (%s) while the version is asked for leaves the attempt unsent, and the next one asks again',
  async (how) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'close', how, isStored: false, codes: [RequestCode.HEART_BEAT], times: 1 });
    const result = await producer.send({ topic: TOPIC, body: 'later', delaySec: 60 });
    expect(result).toMatchObject({ status: 'SEND_OK', attempts: 2, isPossibleDuplicate: false });
  },
);

test('a broker that does not tell its version in time leaves the message unsent', async () => {
  await using started = await startProducer({
    producer: { attemptTimeoutMs: 100, sendTimeoutMs: 1000, maxAttempts: 2 },
  });
  const { cluster, producer } = started;
  cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [RequestCode.HEART_BEAT] });
  const error = await failureOf(producer.send({ topic: TOPIC, body: 'later', delaySec: 60 }));
  expect(error).toMatchObject({ outcome: 'notSent', retryable: true });
  expect(error.message).toContain('the broker did not tell its version: no answer');
  expect(cluster.broker().requests.count(SEND)).toBe(0);
});

test('a master that became a slave, and refuses everything as if it was busy, has the route asked for', async () => {
  let master = '';
  const stored = { extFields: { msgId: '7F00000100002A9F0000000000000000', queueId: '0', queueOffset: '0' } };
  const storing: Script = ({ code }) => (code === SEND ? stored : {});
  await using old = await startFrameServer(storing);
  await using fresh = await startFrameServer(storing);
  await using nameServer = await startFrameServer((request) =>
    nameServerOf({ [TOPIC]: routeOver({ 'broker-a': { 0: master } }, { writeQueueNums: 1 }) })(request),
  );
  master = old.addr;
  const client = createClient({ nameServerAddrs: [nameServer.addr] });
  const producer = client.producer({ group: 'test-producer' });
  await producer.send(MESSAGE);
  master = fresh.addr;
  const remark = '[REJECTREQUEST]system busy, start flow control for a while';
  old.script = ({ code }) => (code === SEND ? { code: 2, remark } : {});
  expect(await producer.send(MESSAGE)).toMatchObject({ status: 'SEND_OK' });
  expect(fresh.codes().filter((code) => code === SEND)).toHaveLength(1);
  await client.shutdown(deadlineAfter(1000));
});

function sends(brokers: readonly { readonly requests: { count(code: number): number } }[]): number {
  return brokers.reduce((sum, { requests }) => sum + requests.count(SEND), 0);
}

test('hooks and the source of credentials run in the asynchronous context of the send, whoever opened the connection', async () => {
  const sender = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const note = (what: string) => seen.push(`${what} of ${sender.getStore()}`);
  let rotations = 0;
  await using started = await startProducer({
    client: {
      fetchSecurity: async () => {
        note('credentials');
        return { credentials: { accessKey: 'key', secretKey: `secret-${rotations++}` } };
      },
      rpcHooks: [
        {
          beforeRequest: (_addr, { code }) => {
            if (code === SEND) note('request');
            return undefined;
          },
          afterResponse: (_addr, { code }, answer) => {
            if (code === SEND) note(`answer ${answer.code}`);
          },
        },
      ],
    },
  });
  const { cluster, producer } = started;
  const send = (name: string) => sender.run(name, () => producer.send(MESSAGE));
  await send('the first');
  await Promise.all([send('the second'), send('the third')]);
  expect(seen.toSorted()).toEqual([
    'answer 0 of the first',
    'answer 0 of the second',
    'answer 0 of the third',
    'credentials of the first',
    'request of the first',
    'request of the second',
    'request of the third',
  ]);
  seen.length = 0;
  const remark = 'User:x has no permission to access Topic:orders';
  cluster.broker().faults.add({ kind: 'answer', code: 16, remark, codes: [SEND], times: 1 });
  await send('the fourth');
  expect(seen).toEqual([
    'request of the fourth',
    'answer 16 of the fourth',
    'credentials of the fourth',
    'request of the fourth',
    'answer 0 of the fourth',
  ]);
});
