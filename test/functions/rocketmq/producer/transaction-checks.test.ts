import { describe, expect, test } from 'vitest';
import type { TransactionCheckListener, TransactionCheckReport, TransactionOutcome } from '#rocketmq';
import { MessageSysFlag } from '../../../../functions/rocketmq/protocol/message-sys-flag.ts';
import { MemoryTransactionLog } from '../../../../functions/transaction-log/memory-transaction-log.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { halfRequest } from '../../../local/embedded/transaction-requests.ts';
import { TOPIC } from './start-producer.ts';
import { begin, GROUP, listener, listening, MESSAGE, registered, startSandboxes } from './transaction-sandboxes.ts';

const END_TRANSACTION = 37;

describe('a check', () => {
  test.each<[string, unknown]>([
    ['a function', async () => 'commit'],
    ['a log', new MemoryTransactionLog()],
    ['nothing', undefined],
  ])(
    'is not left to %s in place of a listener, which would decide none until its message is given up',
    async (_what, given) => {
      await using started = await startSandboxes();
      const { producer } = started.sandbox();
      await expect(producer.onTransactionCheck(given as TransactionCheckListener)).rejects.toThrow(
        'producer.onTransactionCheck: the listener has no function "check": give an object with one, as logCheckListener(log) makes it',
      );
    },
  );

  test.each([Number.NaN, 0, -1, '5'])('is not left to a listener with %s as its time', async (limitMs) => {
    await using started = await startSandboxes();
    const given = { check: async () => 'commit', limitMs } as TransactionCheckListener;
    await expect(started.sandbox().producer.onTransactionCheck(given)).rejects.toThrow(
      `producer.onTransactionCheck: "limitMs" is ${limitMs}, but must be a number of ms above 0`,
    );
  });

  test('is waited for of topics: without one, no broker would ask', async () => {
    await using started = await startSandboxes();
    const { producer } = started.sandbox();
    await expect(producer.awaitTransactionChecks([])).rejects.toThrow(
      'producer.awaitTransactionChecks: the topics are [], but must be a list of at least one name',
    );
  });

  test('is decided by the listener of a client that waits for checks, and by no client that is asleep', async () => {
    await using started = await startSandboxes();
    const sleeper = started.sandbox();
    const invocation = await begin(sleeper.client);
    const { msgId } = await sleeper.producer.sendTransaction(MESSAGE, async () => 'unknown');
    await invocation.end();
    const checker = started.sandbox();
    const decides = listener('commit');
    await checker.producer.onTransactionCheck(decides);
    const awake = await begin(checker.client);
    await checker.producer.awaitTransactionChecks([TOPIC]);
    expect(registered(started.cluster)).toBe(1);
    started.check();
    await expect.poll(() => decides.reports.length).toBe(1);
    await awake.end();
    expect(registered(started.cluster)).toBe(0);
    expect(decides.reports).toMatchObject([
      { answer: 'commit', isConfirmed: true, isDelivered: false, message: { msgId, topic: TOPIC, checkTimes: 1 } },
    ]);
    expect(String(decides.reports[0]?.message.body)).toBe('order 1');
    expect(
      started.cluster
        .broker()
        .messages(TOPIC)
        .map(({ properties }) => properties.UNIQ_KEY),
    ).toEqual([msgId]);
    const end = started.cluster.broker().requests.last(END_TRANSACTION).at(-1);
    expect(end).toMatchObject({ isOneway: false, extFields: { topic: TOPIC, fromTransactionCheck: 'true' } });
  });

  test('in a namespace is told of the topic as its sender named it, and answered under its full name', async () => {
    await using started = await startSandboxes({ topics: [{ name: `ns%${TOPIC}`, queues: 1 }] });
    const { producer, decides, upkeep } = await listening(started.sandbox({ namespace: 'ns' }), 'commit');
    const { half } = await producer.sendTransaction(MESSAGE, async () => 'unknown');
    started.check();
    await expect.poll(() => decides.reports.length).toBe(1);
    await upkeep.end();
    expect(half.queue.topic).toBe(TOPIC);
    expect(decides.reports).toMatchObject([{ message: { topic: TOPIC }, isConfirmed: true }]);
    const end = started.cluster.broker().requests.last(END_TRANSACTION).at(-1);
    expect(end?.extFields).toMatchObject({ topic: `ns%${TOPIC}`, producerGroup: `ns%${GROUP}` });
    expect(started.cluster.broker().messages(`ns%${TOPIC}`)).toHaveLength(1);
  });

  test('of a message that is delivered already is answered with rollback: one copy, and no more checks', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'commit');
    const result = await producer.sendTransaction(
      MESSAGE,
      async () => {
        // With an immunity time of its own a round of checks stores the half message again, and asks nobody.
        started.clock.advance(1_000);
        expect(started.cluster.broker().checkTransactions()).toMatchObject({ immune: 1, asked: 0 });
        return 'commit';
      },
      { immunityMs: 10_000 },
    );
    expect(result.status).toBe('committed');
    started.clock.advance(11_000);
    expect(started.cluster.broker().checkTransactions()).toMatchObject({ asked: 1 });
    await expect.poll(() => decides.reports.length).toBe(1);
    expect(decides.reports).toMatchObject([{ answer: 'rollback', isDelivered: true, isConfirmed: true }]);
    expect(decides.asked).toEqual([]);
    started.clock.advance(31_000);
    expect(started.cluster.broker().checkTransactions()).toMatchObject({ asked: 0, unheard: 0 });
    expect(started.cluster.broker().messages(TOPIC)).toHaveLength(1);
    await upkeep.end();
  });

  test('that comes while the local transaction runs is answered with unknown, without asking the listener', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'rollback');
    const result = await producer.sendTransaction(MESSAGE, async (): Promise<TransactionOutcome> => {
      started.check();
      await started.cluster.broker().requests.arrived(END_TRANSACTION, 1);
      return 'commit';
    });
    expect(result.status).toBe('committed');
    expect(decides.asked).toEqual([]);
    expect(
      started.cluster
        .broker()
        .requests.last(END_TRANSACTION)
        .map(({ extFields }) => extFields.commitOrRollback),
    ).toEqual(['0', '8']);
    await upkeep.end();
  });

  test.each([
    ['has no listener', undefined],
    ['has a listener that throws', { check: () => Promise.reject(new Error('the table is away')) }],
  ])('of a transaction whose end was lost is answered as a client had meant it that %s', async (_, listener) => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    if (listener !== undefined) await producer.onTransactionCheck(listener);
    const upkeep = await begin(client);
    const fault = { codes: [END_TRANSACTION], kind: 'close', how: 'RST', isStored: false, times: 1 } as const;
    started.cluster.broker().faults.add(fault);
    const result = await producer.sendTransaction(MESSAGE, async () => 'commit');
    expect(result).toMatchObject({ status: 'pending', reason: 'answerLost' });
    await producer.awaitTransactionChecks([TOPIC]);
    started.check();
    await expect.poll(() => started.cluster.broker().messages(TOPIC).length).toBe(1);
    await upkeep.end();
  });

  test.each([
    ['says unknown', async (): Promise<TransactionOutcome> => 'unknown', undefined],
    ['throws', () => Promise.reject(new Error('the table is away')), 'the table is away'],
  ])('whose listener %s is answered so, oneway, and asked again', async (_, check, text) => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const reports: TransactionCheckReport[] = [];
    await producer.onTransactionCheck({ check, answered: (report) => void reports.push(report) });
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'unknown');
    for (let round = 1; round <= 2; round++) {
      started.check();
      await expect.poll(() => reports.length).toBe(round);
    }
    expect(reports).toMatchObject([
      { answer: 'unknown', isConfirmed: false, message: { checkTimes: 1 } },
      { message: { checkTimes: 2 } },
    ]);
    expect(reports[0]?.error instanceof Error ? reports[0].error.message : undefined).toBe(text);
    expect(
      started.cluster
        .broker()
        .requests.last(END_TRANSACTION)
        .every(({ isOneway }) => isOneway),
    ).toBe(true);
    await upkeep.end();
  });

  test('is answered once for all that waited while the client was frozen, with the place that the newest names', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'commit');
    const { msgId } = await producer.sendTransaction(MESSAGE, async () => 'unknown');
    await started.cluster.broker().requests.arrived(END_TRANSACTION, 1);
    // Three rounds before the client comes to read.
    for (let rounds = 0; rounds < 3; rounds++) started.check();
    await expect.poll(() => decides.reports.length).toBe(1);
    expect(decides.asked).toEqual([msgId]);
    expect(decides.reports[0]?.message.checkTimes).toBe(3);
    expect(started.cluster.broker().messages(TOPIC)).toHaveLength(1);
    started.check();
    await upkeep.end();
    expect(decides.asked).toEqual([msgId]);
    expect(started.cluster.broker().requests.count(END_TRANSACTION)).toBe(2);
  });

  test('whose commit the broker did not take is committed at the next one: what is not confirmed is not delivered', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'commit');
    await producer.sendTransaction(MESSAGE, async () => 'unknown');
    const { faults, requests } = started.cluster.broker();
    await requests.arrived(END_TRANSACTION, 1);
    faults.add({ codes: [END_TRANSACTION], kind: 'answer', code: 1, remark: 'store is busy', times: 1 });
    for (let round = 1; round <= 2; round++) {
      started.check();
      await expect.poll(() => decides.reports.length).toBe(round);
    }
    expect(decides.reports).toMatchObject([
      { answer: 'commit', isConfirmed: false, error: { remark: 'store is busy' } },
      { answer: 'commit', isConfirmed: true },
    ]);
    expect(started.cluster.broker().messages(TOPIC)).toHaveLength(1);
    await upkeep.end();
  });

  test('shows the body as its sender had it, whose message was compressed', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'rollback');
    const body = 'x'.repeat(10_000);
    await producer.sendTransaction({ ...MESSAGE, body }, async () => 'unknown');
    started.check();
    await expect.poll(() => decides.reports.length).toBe(1);
    expect(String(decides.reports[0]?.message.body)).toBe(body);
    await upkeep.end();
  });

  test('of a message whose body cannot be read is decided all the same', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'commit');
    await producer.awaitTransactionChecks([TOPIC]);
    await using connection = await AdminConnection.open(started.cluster.broker().addr);
    const sysFlag = MessageSysFlag.TRANSACTION_PREPARED | MessageSysFlag.COMPRESSED;
    await connection.request(halfRequest('A'.repeat(32), { topic: TOPIC, sysFlag, body: 'no ZLIB' }));
    started.check();
    await expect.poll(() => decides.reports.length).toBe(1);
    expect(decides.reports).toMatchObject([{ answer: 'commit', isConfirmed: true }]);
    expect(String(decides.reports[0]?.message.body)).toBe('no ZLIB');
    await upkeep.end();
  });

  test('that is repeated while its listener decides is answered once, with the newer place', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const asked = Promise.withResolvers<void>();
    const decision = Promise.withResolvers<TransactionOutcome>();
    const reports: TransactionCheckReport[] = [];
    const check = () => {
      asked.resolve();
      return decision.promise;
    };
    await producer.onTransactionCheck({ check, answered: (report) => void reports.push(report) });
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'unknown');
    started.check();
    await asked.promise;
    started.check();
    // Comes after the second check on the same connection.
    await producer.send(MESSAGE);
    decision.resolve('rollback');
    await expect.poll(() => reports.length).toBe(1);
    expect(reports).toMatchObject([{ answer: 'rollback', isConfirmed: true }]);
    started.clock.advance(31_000);
    expect(started.cluster.broker().checkTransactions()).toMatchObject({ asked: 0, unheard: 0 });
    await upkeep.end();
  });

  test('that is repeated while its answer is under way is answered too, and there is one copy', async () => {
    await using started = await startSandboxes();
    const { producer, decides, upkeep } = await listening(started.sandbox(), 'commit');
    const { msgId } = await producer.sendTransaction(MESSAGE, async () => 'unknown');
    const { requests, faults } = started.cluster.broker();
    await requests.arrived(END_TRANSACTION, 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    faults.add({ codes: [END_TRANSACTION], kind: 'delay', until: promise, isHeld: true, times: 1 });
    started.check();
    await requests.arrived(END_TRANSACTION, 2);
    started.check();
    // Comes after the second check on the same connection.
    await producer.send(MESSAGE);
    resolve();
    await expect.poll(() => decides.reports.map(({ answer }) => answer)).toEqual(['commit', 'rollback']);
    started.clock.advance(31_000);
    expect(started.cluster.broker().checkTransactions()).toMatchObject({ asked: 0, unheard: 0 });
    const copies = started.cluster.broker().messages(TOPIC);
    expect(copies.filter(({ properties }) => properties.UNIQ_KEY === msgId)).toHaveLength(1);
    await upkeep.end();
  });

  test('is answered with unknown when its listener takes longer than it said', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const reports: TransactionCheckReport[] = [];
    await producer.onTransactionCheck({
      limitMs: 1,
      check: () => new Promise(() => undefined),
      answered: (report) => void reports.push(report),
    });
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'unknown');
    started.check();
    await expect.poll(() => reports).toMatchObject([{ answer: 'unknown', error: { code: 'ROCKETMQ_DEADLINE' } }]);
    await upkeep.end();
  });

  test('keeps no invocation beyond its limit with a listener that takes long over the answer, and is answered when asked again', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const { promise: noted, resolve: note } = Promise.withResolvers<void>();
    const asked: string[] = [];
    await producer.onTransactionCheck({
      limitMs: 200,
      check: async ({ msgId }) => {
        asked.push(msgId);
        return 'unknown';
      },
      answered: () => noted,
    });
    for (let invocations = 1; invocations <= 2; invocations++) {
      const upkeep = await begin(client);
      if (invocations === 1) await producer.sendTransaction(MESSAGE, async () => 'unknown');
      await producer.awaitTransactionChecks([TOPIC]);
      started.check();
      await expect.poll(() => asked.length).toBe(invocations);
      await upkeep.end();
      expect(client.pendingCount).toBe(0);
    }
    note();
  });

  test('is answered before the invocation ends', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const { promise, resolve } = Promise.withResolvers<TransactionOutcome>();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    await producer.onTransactionCheck({
      check: () => {
        isAsked();
        return promise;
      },
    });
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'unknown');
    started.check();
    await asked;
    const ended = upkeep.end();
    resolve('commit');
    await ended;
    expect(started.cluster.broker().messages(TOPIC)).toHaveLength(1);
    expect(client.pendingCount).toBe(0);
  });

  test('through a proxy delivers what its first commit did not, and no answer frame is written', async () => {
    await using started = await startSandboxes({ proxy: true });
    const { topics } = started.cluster.broker();
    const config = topics.get(TOPIC);
    if (config !== undefined) topics.put({ ...config, attributes: { 'message.type': 'TRANSACTION' } });
    const { producer, decides, upkeep } = await listening(
      started.sandbox({ nameServerAddrs: [started.cluster.proxyRemotingAddr ?? ''] }),
      'unknown',
    );
    expect(await producer.sendTransaction(MESSAGE, async () => 'commit')).toMatchObject({
      status: 'pending',
      reason: 'proxy',
    });
    expect(started.cluster.broker().messages(TOPIC)).toEqual([]);
    started.check();
    await expect.poll(() => decides.reports.length).toBe(1);
    expect(decides.reports).toMatchObject([{ answer: 'commit', isConfirmed: true }]);
    expect(started.cluster.broker().messages(TOPIC)).toHaveLength(1);
    await upkeep.end();
  });
});
