import { describe, expect, test } from 'vitest';
import {
  type Client,
  type ClientOptions,
  createClient,
  deadlineAfter,
  type Producer,
  type TransactionCheckListener,
  type TransactionCheckReport,
  type TransactionOutcome,
} from '#rocketmq';
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  startEmbeddedCluster,
} from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { TOPIC } from './start-producer.ts';

const END_TRANSACTION = 37;
const HEART_BEAT = 34;
const UNREGISTER = 35;
const GROUP = 'PG';
const MESSAGE = { topic: TOPIC, body: 'order 1' };
/** Later than a half message is first checked. */
const CHECKABLE_MS = 7_000;

interface Started extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly clock: GivenClock;
  /** A client of its own, as another sandbox has. */
  sandbox(options?: Partial<ClientOptions>): { client: Client; producer: Producer };
  /** Lets the time pass after which half messages are checked, and a round of checks begin. */
  check(): void;
}

async function start(options: EmbeddedClusterOptions = {}): Promise<Started> {
  const clock = new GivenClock();
  const cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 2 }], clock, ...options });
  const clients: Client[] = [];
  return {
    cluster,
    clock,
    sandbox: (options = {}) => {
      const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, clock, ...options });
      clients.push(client);
      return { client, producer: client.producer({ group: GROUP }) };
    },
    check: () => {
      clock.advance(CHECKABLE_MS);
      cluster.broker().checkTransactions();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.shutdown(deadlineAfter(1000))));
      await cluster.stop();
    },
  };
}

const begin = (client: Client) => client.beginInvocation(deadlineAfter(5_000));

const registered = (cluster: EmbeddedCluster) => cluster.broker().producers.clients(GROUP).length;

/** A listener that answers the same to all, and remembers what it was asked and told. */
function listener(outcome: TransactionOutcome) {
  const asked: string[] = [];
  const reports: TransactionCheckReport[] = [];
  const check: TransactionCheckListener['check'] = async ({ msgId }) => {
    asked.push(msgId);
    return outcome;
  };
  return { asked, reports, check, answered: (report: TransactionCheckReport) => void reports.push(report) };
}

describe('a group of transactions', () => {
  test('is registered while an invocation sends, and off the brokers before its sandbox can be frozen', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    for (let invocations = 0; invocations < 3; invocations++) {
      const upkeep = await begin(client);
      await producer.sendTransaction(MESSAGE, async () => {
        expect(registered(started.cluster)).toBe(1);
        return 'commit';
      });
      await upkeep.end();
      expect(registered(started.cluster)).toBe(0);
      expect(client.pendingCount).toBe(0);
    }
    expect(started.cluster.broker().requests.count(UNREGISTER)).toBe(3);
  });

  test('stays registered as long as one of the invocations that run at once', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    const [first, second] = [await begin(client), await begin(client)];
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    await first.end();
    expect(registered(started.cluster)).toBe(1);
    await second.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('is registered once for many messages of an invocation', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    const before = started.cluster.broker().requests.count(HEART_BEAT);
    await Promise.all([1, 2, 3].map(() => producer.sendTransaction(MESSAGE, async () => 'commit')));
    expect(started.cluster.broker().requests.count(HEART_BEAT)).toBe(before);
    await upkeep.end();
  });

  test('is not named by the heartbeats of invocations that send none', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    const first = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    await first.end();
    started.clock.advance(31_000);
    const beats = started.cluster.broker().requests.count(HEART_BEAT);
    const second = await begin(client);
    await producer.send(MESSAGE);
    await second.end();
    expect(started.cluster.broker().requests.count(HEART_BEAT)).toBe(beats + 1);
    expect(registered(started.cluster)).toBe(0);
  });

  test('is off a broker that does not answer for it, by the end of the connection', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    started.cluster.broker().faults.add({ codes: [UNREGISTER], kind: 'no-answer', isStored: false });
    await upkeep.end();
    await expect.poll(() => registered(started.cluster)).toBe(0);
  });
});

describe('a client that waits for checks', () => {
  test('stays registered for as long as it says so', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    const upkeep = await begin(client);
    for (let seconds = 0; seconds <= 240; seconds += 40) {
      await producer.awaitTransactionChecks([TOPIC]);
      await expect.poll(() => client.pendingCount).toBe(0);
      started.cluster.broker().sweep();
      expect(registered(started.cluster)).toBe(1);
      started.clock.advance(40_000);
    }
    await upkeep.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('is registered with a broker too that nothing may be written to any more: it asks about what it has', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    started.cluster.broker().setPerm(TOPIC, 4);
    const upkeep = await begin(client);
    await producer.awaitTransactionChecks([TOPIC]);
    expect(registered(started.cluster)).toBe(1);
    await upkeep.end();
  });

  test('says so when a topic has no master', async () => {
    await using started = await start({ brokers: [{ name: 'broker-a' }, { name: 'broker-a', slave: true }] });
    await started.cluster.broker().stop();
    const { producer } = started.sandbox();
    await expect(producer.awaitTransactionChecks([TOPIC])).rejects.toThrow('none of its brokers has a master now');
  });

  test('says so when a broker does not take it in', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
    started.cluster.broker().faults.add({ codes: [HEART_BEAT], kind: 'answer', code: 1, times: 1 });
    const upkeep = await begin(client);
    await expect(producer.awaitTransactionChecks([TOPIC])).rejects.toMatchObject({ code: 'ROCKETMQ_BROKER' });
    await producer.awaitTransactionChecks([TOPIC]);
    expect(registered(started.cluster)).toBe(1);
    await upkeep.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('says so when a topic has no route', async () => {
    await using started = await start();
    const { producer } = started.sandbox();
    const waiting = producer.awaitTransactionChecks(['nobody-made']);
    await expect(waiting).rejects.toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
  });

  test('is registered for the other topics when one has no route, and says so all the same', async () => {
    await using started = await start();
    const { producer } = started.sandbox();
    const waiting = producer.awaitTransactionChecks(['nobody-made', TOPIC]);
    await expect(waiting).rejects.toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
    expect(registered(started.cluster)).toBe(1);
  });
});

describe('a check', () => {
  test('is decided by the listener of a client that waits for checks, and by no client that is asleep', async () => {
    await using started = await start();
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
    await using started = await start({ topics: [{ name: `ns%${TOPIC}`, queues: 1 }] });
    const { client, producer } = started.sandbox({ namespace: 'ns' });
    const decides = listener('commit');
    await producer.onTransactionCheck(decides);
    const upkeep = await begin(client);
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
    await using started = await start();
    const { client, producer } = started.sandbox();
    const decides = listener('commit');
    await producer.onTransactionCheck(decides);
    const upkeep = await begin(client);
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
    await using started = await start();
    const { client, producer } = started.sandbox();
    const decides = listener('rollback');
    await producer.onTransactionCheck(decides);
    const upkeep = await begin(client);
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

  test('of a transaction whose end was lost is answered as this client had meant it', async () => {
    await using started = await start();
    const { client, producer } = started.sandbox();
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
    await using started = await start();
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
    await using started = await start();
    const { client, producer } = started.sandbox();
    const decides = listener('commit');
    await producer.onTransactionCheck(decides);
    const upkeep = await begin(client);
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

  test('is answered with unknown when its listener takes longer than it said', async () => {
    await using started = await start();
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

  test('is answered before the invocation ends', async () => {
    await using started = await start();
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
    await using started = await start({ proxy: true });
    const { topics } = started.cluster.broker();
    const config = topics.get(TOPIC);
    if (config !== undefined) topics.put({ ...config, attributes: { 'message.type': 'TRANSACTION' } });
    const { client, producer } = started.sandbox({ nameServerAddrs: [started.cluster.proxyRemotingAddr ?? ''] });
    const decides = listener('unknown');
    await producer.onTransactionCheck(decides);
    const upkeep = await begin(client);
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
