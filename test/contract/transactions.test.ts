import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type Client,
  type ClientOptions,
  createClient,
  deadlineAfter,
  type LocalTransaction,
  type Producer,
  type TransactionCheckReport,
  type TransactionContext,
  type TransactionOptions,
  type TransactionOutcome,
} from '#rocketmq';
import { AdminClient } from '../../local/admin-client.ts';
import { startTcpProxy, type TcpProxy } from '../../local/faults/tcp-proxy.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { type CheckingCluster, startChecking } from './checking-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic, uniqueName } from './clusters.ts';

const HALF_TOPIC = 'RMQ_SYS_TRANS_HALF_TOPIC';
/** Time for two rounds of checks, and what a loaded machine adds. */
const CHECKS_LIMIT_MS = 60_000;
const CASE_LIMIT_MS = 120_000;
const OPEN_HALVES = 1_000;

// Side by side: most of it is waiting for the next round of checks. `expect.poll` knows one running test only.
describe.each(contractKinds)('on %s', { concurrent: true }, (kind) => {
  describe('a transaction', { concurrent: false }, () => {
    let cluster: CheckingCluster | undefined;
    let admin: AdminClient;

    beforeEach(async (context) => {
      if (cluster !== undefined) return;
      cluster = await startChecking(kind, context, { endsRecorded: 'asDefault' });
      admin = new AdminClient(cluster);
    }, CLUSTER_START_LIMIT_MS);
    afterAll(async () => {
      await admin?.close();
      await cluster?.[Symbol.asyncDispose]();
    });

    /** One process with a producer of the group. */
    function sandbox(group: string, options: Partial<ClientOptions> = {}) {
      const client = createClient({ nameServerAddrs: cluster?.nameServerAddrs ?? [], ...options });
      const producer = client.producer({ group, attemptTimeoutMs: 1_000 });
      return { client, producer, [Symbol.asyncDispose]: () => client.shutdown(deadlineAfter(2_000)) };
    }

    /** Sends one transaction in an invocation of its own, after which nothing is left behind and nobody registered. */
    async function invoke(
      { client, producer }: { readonly client: Client; readonly producer: Producer },
      topic: string,
      local: LocalTransaction,
      options: TransactionOptions = {},
    ) {
      const upkeep = await client.beginInvocation(deadlineAfter(CASE_LIMIT_MS));
      const result = await producer.sendTransaction({ topic, body: 'x' }, local, options);
      await upkeep.end();
      expect(client.pendingCount).toBe(0);
      return result;
    }

    /** Stays awake until so many checks were answered, and tells of them. */
    async function answerChecks(
      { client, producer }: { readonly client: Client; readonly producer: Producer },
      topic: string,
      count: number,
      decide: (msgId: string) => TransactionOutcome,
    ): Promise<TransactionCheckReport[]> {
      const reports: TransactionCheckReport[] = [];
      await producer.onTransactionCheck({
        check: async ({ msgId }) => decide(msgId),
        answered: (report) => void reports.push(report),
      });
      const upkeep = await client.beginInvocation(deadlineAfter(CASE_LIMIT_MS));
      await producer.awaitTransactionChecks([topic]);
      await vi.waitFor(() => expect(reports.length).toBeGreaterThanOrEqual(count), { timeout: CHECKS_LIMIT_MS });
      await upkeep.end();
      expect(client.pendingCount).toBe(0);
      return reports;
    }

    const halfCount = () => admin.maxOffset({ topic: HALF_TOPIC, brokerName: 'broker-a', queueId: 0 });

    const idsIn = async (topic: string) => (await admin.readAll(topic)).map(({ properties }) => properties.UNIQ_KEY);

    /** Resolves when every check of now is over: a transaction that begins after it has been asked for. */
    async function oneMoreRound(): Promise<void> {
      await using later = sandbox(uniqueName('later'));
      const topic = await freshTopic({ admin });
      const { msgId } = await invoke(later, topic, async () => 'unknown');
      const reports = await answerChecks(later, topic, 1, () => 'rollback');
      expect(reports[0]?.message.msgId).toBe(msgId);
    }

    test('is visible when it commits and not when it rolls back, and the broker confirms both', async () => {
      await using one = sandbox(uniqueName('PG'));
      const topic = await freshTopic({ admin });
      const committed = await invoke(one, topic, async () => 'commit');
      expect(committed.status).toBe('committed');
      expect((await invoke(one, topic, async () => 'rollback')).status).toBe('rolledBack');
      await readBack(admin, topic, 1);
      expect(await idsIn(topic)).toEqual([committed.msgId]);
    });

    test.each([
      ['on its way there', { kind: 'blackHole' } as const],
      ['with its answer on the way back', { kind: 'dropAnswers', count: 1 } as const],
    ])(
      'whose end is lost %s ends with one visible copy',
      async (_, fault) => {
        const brokerAddr = cluster?.brokerAddr ?? '';
        await using proxy: TcpProxy = await startTcpProxy({ target: brokerAddr });
        const group = uniqueName('PG');
        const topic = await freshTopic({ admin });
        const lossy = sandbox(group, { addressMap: { [brokerAddr]: proxy.addr } });
        const upkeep = await lossy.client.beginInvocation(deadlineAfter(CASE_LIMIT_MS));
        const result = await lossy.producer.sendTransaction({ topic, body: 'x' }, async () => {
          // A heartbeat's answer may come after the half message's, and is not the one to be lost.
          await vi.waitFor(() => expect(lossy.client.pendingCount).toBe(0));
          proxy.apply(fault);
          return 'commit';
        });
        expect(result).toMatchObject({ status: 'pending', reason: 'answerLost' });
        await upkeep.end();
        proxy.apply({ kind: 'pass' });
        await lossy.client.shutdown(deadlineAfter(500));
        await using checker = sandbox(group);
        if (fault.kind === 'blackHole') await answerChecks(checker, topic, 1, () => 'commit');
        await oneMoreRound();
        await readBack(admin, topic, 1);
        expect(await idsIn(topic)).toEqual([result.msgId]);
      },
      CASE_LIMIT_MS,
    );

    test(
      'that is open is asked of the one client awake, and of none of ten that are asleep',
      async () => {
        const group = uniqueName('PG');
        const topic = await freshTopic({ admin });
        await using sleepers = new AsyncDisposableStack();
        const open: string[] = [];
        for (let count = 0; count < 10; count++) {
          const sleeper = sleepers.use(sandbox(group));
          await sleeper.producer.onTransactionCheck({ check: () => Promise.reject(new Error('asked while asleep')) });
          open.push((await invoke(sleeper, topic, async () => 'unknown')).msgId);
        }
        await using checker = sandbox(group);
        const reports = await answerChecks(checker, topic, open.length, () => 'commit');
        expect(reports.map(({ message }) => message.msgId).toSorted()).toEqual(open.toSorted());
        expect(reports.every(({ answer, isConfirmed }) => answer === 'commit' && isConfirmed)).toBe(true);
        await readBack(admin, topic, open.length);
        expect((await idsIn(topic)).toSorted()).toEqual(open.toSorted());
      },
      CASE_LIMIT_MS,
    );

    test(
      'within its immunity time commits; past it the end is not sent, and a broker that knows better refuses it',
      async () => {
        const topic = await freshTopic({ admin });
        const group = uniqueName('PG');
        let aheadMs = 0;
        const clock = { now: () => Date.now() + aheadMs };
        await using one = sandbox(group, { clock });
        expect((await invoke(one, topic, async () => 'commit', { immunityMs: 5_000 })).status).toBe('committed');
        const late = await invoke(
          one,
          topic,
          async () => {
            aheadMs = 6_000;
            return 'commit';
          },
          { immunityMs: 5_000 },
        );
        expect(late).toMatchObject({ status: 'pending', reason: 'tooLate', error: { refusedBy: undefined } });
        // A clock that is behind lets the client believe in time that the broker has counted already.
        aheadMs = -60_000;
        const refused = await invoke(one, topic, async () => 'commit', { immunityMs: 5_000 });
        if (kind === '4.9.5') expect(refused.status).toBe('committed');
        else {
          const refusedBy = cluster?.brokerAddr;
          expect(refused).toMatchObject({
            status: 'pending',
            reason: 'tooLate',
            error: { code: 'ROCKETMQ_TRANSACTION_TOO_LATE', refusedBy },
          });
        }
      },
      CASE_LIMIT_MS,
    );

    test(
      'whose half message was stored again before its commit is delivered once: the later check is answered with rollback',
      async () => {
        const topic = await freshTopic({ admin });
        await using one = sandbox(uniqueName('PG'));
        const upkeep = await one.client.beginInvocation(deadlineAfter(CASE_LIMIT_MS));
        const reports: TransactionCheckReport[] = [];
        await one.producer.onTransactionCheck({
          check: async () => 'commit',
          answered: (report) => void reports.push(report),
        });
        const local = async ({ half }: TransactionContext): Promise<TransactionOutcome> => {
          const stored = BigInt(half.queueOffset) + 1n;
          await vi.waitFor(async () => expect(await halfCount()).toBeGreaterThan(stored), { timeout: CHECKS_LIMIT_MS });
          return 'commit';
        };
        const result = await one.producer.sendTransaction({ topic, body: 'x' }, local, { immunityMs: 20_000 });
        expect(result.status).toBe('committed');
        await vi.waitFor(() => expect(reports.length).toBe(1), { timeout: CHECKS_LIMIT_MS });
        await upkeep.end();
        expect(reports).toMatchObject([{ answer: 'rollback', isDelivered: true, isConfirmed: true }]);
        await oneMoreRound();
        expect(await idsIn(topic)).toEqual([result.msgId]);
      },
      CASE_LIMIT_MS,
    );

    test(
      `is one of ${OPEN_HALVES} open ones that a client answers while it is awake once`,
      async () => {
        const group = uniqueName('PG');
        const topic = await freshTopic({ admin });
        await using sender = sandbox(group);
        const upkeep = await sender.client.beginInvocation(deadlineAfter(CASE_LIMIT_MS));
        const sending = Array.from({ length: OPEN_HALVES }, (_, index) =>
          sender.producer.sendTransaction({ topic, body: String(index) }, async () => 'unknown'),
        );
        const open = (await Promise.all(sending)).map(({ msgId }) => msgId);
        await upkeep.end();
        await using checker = sandbox(group);
        await answerChecks(checker, topic, OPEN_HALVES, (msgId) => (open.indexOf(msgId) % 2 ? 'rollback' : 'commit'));
        await readBack(admin, topic, OPEN_HALVES / 2);
        const expected = open.filter((_, index) => index % 2 === 0);
        expect((await idsIn(topic)).toSorted()).toEqual(expected.toSorted());
      },
      CASE_LIMIT_MS,
    );
  });
});
