import { describe, expect, test } from 'vitest';
import { deadlineAfter, type LocalTransaction, type TransactionContext } from '#rocketmq';
import { ResponseCode } from '../../../../functions/rocketmq/protocol/response-code.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { rejectionOf, startProducer, TOPIC } from './start-producer.ts';

const END_TRANSACTION = 37;
const HEART_BEAT = 34;
const SEND = 310;

const MESSAGE = { topic: TOPIC, body: 'order 1' };

describe('a transaction', () => {
  test('that commits makes the message visible, and the broker has confirmed it', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    let seen: TransactionContext | undefined;
    const result = await producer.sendTransaction(MESSAGE, async (context) => {
      seen = context;
      expect(cluster.broker().messages(TOPIC)).toEqual([]);
      return 'commit';
    });
    expect(result).toMatchObject({ status: 'committed', outcome: 'commit', msgId: seen?.msgId });
    expect(seen).toMatchObject({ message: MESSAGE, half: { status: 'SEND_OK', msgId: result.msgId } });
    const [stored, ...others] = cluster.broker().messages(TOPIC);
    expect(others).toEqual([]);
    expect(stored?.properties).toMatchObject({ UNIQ_KEY: result.msgId, TRAN_MSG: 'true', PGROUP: 'test-producer' });
  });

  test('that rolls back leaves nothing to see', async () => {
    await using started = await startProducer();
    const result = await started.producer.sendTransaction(MESSAGE, () => Promise.resolve('rollback'));
    expect(result).toMatchObject({ status: 'rolledBack', reason: 'localTransaction', outcome: 'rollback' });
    expect(started.cluster.broker().messages(TOPIC)).toEqual([]);
    expect(started.cluster.broker().checkTransactions()).toMatchObject({ asked: 0, unheard: 0 });
  });

  test('is told to the broker with both marks, in requests that name the real topic and wait for an answer', async () => {
    await using started = await startProducer();
    await started.producer.sendTransaction(MESSAGE, async () => 'commit');
    const { requests } = started.cluster.broker();
    const [half] = requests.last(SEND);
    expect(half).toMatchObject({ isOneway: false, extFields: { b: TOPIC, f: '4' } });
    const [end, ...others] = requests.last(END_TRANSACTION);
    expect(others).toEqual([]);
    expect(end).toMatchObject({
      isOneway: false,
      extFields: { topic: TOPIC, producerGroup: 'test-producer', commitOrRollback: '8', fromTransactionCheck: 'false' },
    });
    expect(end?.extFields.bname).toBe('broker-a');
  });

  test('whose outcome is unknown is pending, and that is written oneway, for no broker answers it', async () => {
    await using started = await startProducer();
    const result = await started.producer.sendTransaction(MESSAGE, async () => 'unknown');
    expect(result).toMatchObject({ status: 'pending', reason: 'unknown', outcome: 'unknown' });
    await expect
      .poll(() =>
        started.cluster
          .broker()
          .requests.last(END_TRANSACTION)
          .map(({ isOneway }) => isOneway),
      )
      .toEqual([true]);
  });

  test('whose outcome is unknown is no more than that when the broker is gone', async () => {
    await using started = await startProducer();
    const result = await started.producer.sendTransaction(MESSAGE, async () => {
      await started.cluster.broker().stop();
      return 'unknown';
    });
    expect(result).toMatchObject({ status: 'pending', reason: 'unknown' });
    expect(result).not.toHaveProperty('error');
  });

  test('that cannot be ended, because the broker is gone, was not sent its end', async () => {
    await using started = await startProducer();
    const result = await started.producer.sendTransaction(MESSAGE, async () => {
      await started.cluster.broker().stop();
      // The end of the connection is seen by what is sent next.
      await rejectionOf(started.producer.send(MESSAGE, { deadline: deadlineAfter(300) }));
      return 'commit';
    });
    expect(result).toMatchObject({ status: 'pending', reason: 'notSent', error: { outcome: 'notSent' } });
  });

  test.each([
    ['throws', () => Promise.reject(new Error('table is locked')), 'table is locked'],
    [
      'throws at once',
      (() => {
        throw new Error('no table');
      }) as LocalTransaction,
      'no table',
    ],
    ['throws nothing', () => Promise.reject(), 'threw nothing'],
    ['returns something else', (() => 'COMMIT') as unknown as LocalTransaction, "must return 'commit', 'rollback'"],
  ])('whose local part %s is pending, and the error is kept', async (_, local, text) => {
    await using started = await startProducer();
    const result = await started.producer.sendTransaction(MESSAGE, local);
    expect(result).toMatchObject({ status: 'pending', reason: 'threw', outcome: 'unknown' });
    expect(result).toHaveProperty('error.message', expect.stringContaining(text));
  });

  test('compresses its body as any other message, and keeps its mark', async () => {
    await using started = await startProducer();
    const body = 'x'.repeat(10_000);
    expect(await started.producer.sendTransaction({ topic: TOPIC, body }, async () => 'commit')).toMatchObject({
      status: 'committed',
    });
    const [stored] = started.cluster.broker().messages(TOPIC);
    expect(stored?.body.length).toBeLessThan(1000);
  });

  test('in a namespace carries the full names, and its result the bare one', async () => {
    await using started = await startProducer({
      cluster: { topics: [{ name: `ns%${TOPIC}`, queues: 1 }] },
    });
    const { createClient } = await import('#rocketmq');
    const client = createClient({ nameServerAddrs: started.cluster.nameServerAddrs, namespace: 'ns' });
    const result = await client.producer({ group: 'PG' }).sendTransaction(MESSAGE, async () => 'commit');
    expect(result).toMatchObject({ status: 'committed', half: { queue: { topic: TOPIC } } });
    const [end] = started.cluster.broker().requests.last(END_TRANSACTION);
    expect(end?.extFields).toMatchObject({ topic: `ns%${TOPIC}`, producerGroup: 'ns%PG' });
    await client.shutdown();
  });
});

describe('a transaction is refused before anything is sent', () => {
  test.each([
    [{ delayLevel: 3 }, 'delayLevel'],
    [{ delayMs: 1000 }, 'delayMs'],
    [{ delaySec: 1 }, 'delaySec'],
    [{ deliverAt: 4_102_444_800_000 }, 'deliverAt'],
  ])('with %o', async (delay, field) => {
    await using started = await startProducer();
    let isBegun = false;
    const sending = started.producer.sendTransaction({ ...MESSAGE, ...delay }, async () => {
      isBegun = true;
      return 'commit';
    });
    expect(await rejectionOf(sending)).toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field });
    expect(isBegun).toBe(false);
    expect(started.cluster.broker().requests.last(SEND)).toEqual([]);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('with an immunity time of %d ms', async (immunityMs) => {
    await using started = await startProducer();
    const sending = started.producer.sendTransaction(MESSAGE, async () => 'commit', { immunityMs });
    expect(await rejectionOf(sending)).toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'immunityMs' });
  });

  test.each([
    ['left out', []],
    ['forgotten before the options', [{ immunityMs: 10_000 }]],
  ])('with a local transaction that is %s', async (_how, given) => {
    await using started = await startProducer();
    const sending: Promise<unknown> = Reflect.apply(started.producer.sendTransaction, started.producer, [
      MESSAGE,
      ...given,
    ]);
    expect(await rejectionOf(sending)).toMatchObject({
      code: 'ROCKETMQ_OPTIONS',
      message: expect.stringContaining('producer.sendTransaction: the local transaction is'),
    });
    expect(started.cluster.broker().requests.last(SEND)).toEqual([]);
  });

  test('with a message id of its own, which its log could not tell from that of the transaction before', async () => {
    await using started = await startProducer();
    let isBegun = false;
    const sending = started.producer.sendTransaction({ ...MESSAGE, msgId: 'A'.repeat(32) }, async () => {
      isBegun = true;
      return 'commit';
    });
    expect(await rejectionOf(sending)).toMatchObject({
      code: 'ROCKETMQ_MESSAGE_ILLEGAL',
      field: 'msgId',
      retryable: false,
      outcome: 'notSent',
      message: expect.stringMatching(/^msgId cannot be given in a transaction: .* leave it out, .* condition/),
    });
    expect(isBegun).toBe(false);
    expect(started.cluster.broker().requests.last(SEND)).toEqual([]);
  });
});

describe('a half message', () => {
  test.each([10, 11, 12] as const)('that is answered %i is rolled back, its local part not begun', async (degraded) => {
    await using started = await startProducer({ producer: { onDegradedStore: 'fail' } });
    started.cluster.broker().degraded = degraded;
    let isBegun = false;
    const result = await started.producer.sendTransaction(MESSAGE, async () => {
      isBegun = true;
      return 'commit';
    });
    expect(result).toMatchObject({ status: 'rolledBack', reason: 'degraded', outcome: 'rollback' });
    expect(isBegun).toBe(false);
    expect(started.cluster.broker().messages(TOPIC)).toEqual([]);
    expect(started.cluster.broker().requests.last(SEND)).toHaveLength(1);
  });

  test('that is refused rejects, its local part not begun', async () => {
    await using started = await startProducer();
    started.cluster.broker().sendRefusal = ResponseCode.NO_PERMISSION;
    let isBegun = false;
    const sending = started.producer.sendTransaction(MESSAGE, async () => {
      isBegun = true;
      return 'commit';
    });
    expect(await rejectionOf(sending)).toMatchObject({ outcome: 'refused' });
    expect(isBegun).toBe(false);
  });

  test('comes after a heartbeat that names its group', async () => {
    await using started = await startProducer();
    await started.producer.sendTransaction(MESSAGE, async () => 'commit');
    const codes = started.cluster
      .broker()
      .requests.last()
      .map(({ code }) => code);
    expect(codes.indexOf(HEART_BEAT)).toBeLessThan(codes.indexOf(SEND));
    expect(codes.indexOf(HEART_BEAT)).toBeGreaterThanOrEqual(0);
  });
});

describe('the end of a transaction', () => {
  test.each([
    ['is lost on its way', { kind: 'close', how: 'RST', isStored: false } as const, 0],
    ['is carried out, and its answer lost', { kind: 'close', how: 'RST', isStored: true } as const, 1],
    ['is not answered in time', { kind: 'no-answer', isStored: true } as const, 1],
  ])('that %s leaves it pending, and is not written again', async (_, effect, visible) => {
    await using started = await startProducer({ producer: { attemptTimeoutMs: 300 } });
    started.cluster.broker().faults.add({ codes: [END_TRANSACTION], ...effect });
    const result = await started.producer.sendTransaction(MESSAGE, async () => 'commit');
    expect(result).toMatchObject({ status: 'pending', reason: 'answerLost', outcome: 'commit' });
    expect(result).toHaveProperty('error.outcome', 'unknown');
    expect(started.cluster.broker().requests.last(END_TRANSACTION)).toHaveLength(1);
    expect(started.cluster.broker().messages(TOPIC)).toHaveLength(visible);
  });

  test('that is refused leaves it pending with the broker’s answer', async () => {
    await using started = await startProducer();
    const remark = 'Find prepared transaction message failed';
    started.cluster.broker().faults.add({ codes: [END_TRANSACTION], kind: 'answer', code: 1, remark });
    const result = await started.producer.sendTransaction(MESSAGE, async () => 'commit');
    expect(result).toMatchObject({ status: 'pending', reason: 'refused', error: { code: 'ROCKETMQ_BROKER', remark } });
    expect(started.cluster.broker().requests.last(END_TRANSACTION)).toHaveLength(1);
  });

  test('after the immunity time is not sent', async () => {
    const clock = new GivenClock();
    await using started = await startProducer({ cluster: { clock } });
    const { createClient } = await import('#rocketmq');
    const client = createClient({ nameServerAddrs: started.cluster.nameServerAddrs, clock });
    const result = await client.producer({ group: 'PG' }).sendTransaction(
      MESSAGE,
      async () => {
        clock.advance(10_001);
        return 'commit';
      },
      { immunityMs: 9_500 },
    );
    expect(result).toMatchObject({
      status: 'pending',
      reason: 'tooLate',
      error: { code: 'ROCKETMQ_TRANSACTION_TOO_LATE', outcome: 'notSent', refusedBy: undefined },
    });
    expect(started.cluster.broker().requests.last(END_TRANSACTION)).toEqual([]);
    const [half] = started.cluster.broker().requests.last(SEND);
    expect(half?.extFields.i).toContain('CHECK_IMMUNITY_TIME_IN_SECONDS\u000110\u0002');
    await client.shutdown();
  });

  test('that a broker finds too late is the same error, with the broker that said so', async () => {
    const clock = new GivenClock();
    await using started = await startProducer({ cluster: { clock } });
    const { createClient } = await import('#rocketmq');
    // Its clock stands still: it cannot see that the time has passed.
    const client = createClient({
      nameServerAddrs: started.cluster.nameServerAddrs,
      clock: new GivenClock(clock.now()),
    });
    const result = await client.producer({ group: 'PG' }).sendTransaction(
      MESSAGE,
      async () => {
        clock.advance(11_000);
        return 'commit';
      },
      { immunityMs: 10_000 },
    );
    expect(result).toMatchObject({
      status: 'pending',
      reason: 'tooLate',
      error: { code: 'ROCKETMQ_TRANSACTION_TOO_LATE', refusedBy: started.cluster.broker().addr },
    });
    await client.shutdown();
  });

  test('is waited for no longer than the deadline', async () => {
    // The limit of an attempt is longer than that of this test.
    await using started = await startProducer({ producer: { sendTimeoutMs: 600_000, attemptTimeoutMs: 300_000 } });
    started.cluster.broker().faults.add({ codes: [END_TRANSACTION], kind: 'no-answer', isStored: true });
    const result = await started.producer.sendTransaction(MESSAGE, async () => 'commit', {
      deadline: deadlineAfter(1_000),
    });
    expect(result).toMatchObject({ status: 'pending', reason: 'answerLost' });
  });

  test('past the deadline is not sent', async () => {
    await using started = await startProducer();
    let remainingMs = 5_000;
    const result = await started.producer.sendTransaction(
      MESSAGE,
      async () => {
        remainingMs = 0;
        return 'commit';
      },
      { deadline: { remainingMs: () => remainingMs } },
    );
    expect(result).toMatchObject({ status: 'pending', reason: 'tooLate', error: { outcome: 'notSent' } });
    expect(started.cluster.broker().requests.last(END_TRANSACTION)).toEqual([]);
  });

  test('through a proxy is pending, though the proxy says yes', async () => {
    await using started = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 1 }], proxy: true } });
    const { createClient } = await import('#rocketmq');
    const { proxyRemotingAddr = '', proxy } = started.cluster;
    const client = createClient({ nameServerAddrs: [proxyRemotingAddr] });
    const topics = started.cluster.broker().topics;
    const config = topics.get(TOPIC);
    if (config !== undefined) topics.put({ ...config, attributes: { 'message.type': 'TRANSACTION' } });
    const upkeep = await client.beginInvocation(deadlineAfter(5_000));
    const result = await client.producer({ group: 'PG' }).sendTransaction(MESSAGE, async () => 'commit');
    expect(result).toMatchObject({ status: 'pending', reason: 'proxy', outcome: 'commit' });
    expect(proxy?.requests.last(END_TRANSACTION)).toHaveLength(1);
    expect(started.cluster.broker().messages(TOPIC)).toEqual([]);
    await upkeep.end();
    await client.shutdown();
  });
});
