import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, createClient, deadlineAfter, type Producer, type TransactionCheckReport } from '#rocketmq';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { missingPrerequisite } from '../../local/real/missing-prerequisite.ts';
import { ENDS_RECORDED_ONE_BY_ONE } from '../../local/real/rocketmq-version.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, uniqueName } from './clusters.ts';
import { buildFunction, metricsOf, reportedBy, startFunction } from './function-under-test.ts';
import { deliveredAgain, newEvent } from './sqs-events.ts';

const TIME_OUT_MS = 3_000;
const CHECK_INTERVAL_MS = 5_000;

const starts = {
  embedded: () =>
    startEmbeddedCluster({
      proxy: true,
      recallMessageEnable: true,
      transactionTimeOutMs: TIME_OUT_MS,
      transactionCheckIntervalMs: CHECK_INTERVAL_MS,
    }),
  '5.5.0': () =>
    startRealCluster({
      version: '5.5.0',
      proxy: true,
      brokerConfig: {
        ...ENDS_RECORDED_ONE_BY_ONE,
        transactionTimeOut: String(TIME_OUT_MS),
        transactionCheckInterval: String(CHECK_INTERVAL_MS),
      },
    }),
};

describe.each(['embedded', '5.5.0'] as const)('through the remoting port of a proxy %s', (kind) => {
  let cluster: AsyncDisposable & { nameServerAddrs: readonly string[]; proxyRemotingAddr: string | undefined };
  let admin: AdminClient;
  let client: Client;
  let producer: Producer;

  beforeAll(async () => {
    if (kind !== 'embedded' && (await missingPrerequisite()) !== undefined) return;
    cluster = await starts[kind]();
    admin = new AdminClient(cluster);
    client = createClient({ nameServerAddrs: [cluster.proxyRemotingAddr ?? ''] });
    producer = client.producer({ group: 'through-a-proxy' });
  }, CLUSTER_START_LIMIT_MS);
  afterAll(async () => {
    await client?.shutdown();
    await admin?.close();
    await cluster?.[Symbol.asyncDispose]();
  });
  /** A proxy takes only messages of the type that a topic is made for. */
  const topicFor = async (type: 'NORMAL' | 'DELAY' | 'FIFO' | 'TRANSACTION', queues = 2) => {
    const topic = uniqueName(type.toLowerCase());
    await admin.createTopic(topicConfig(topic, queues, { attributes: { 'message.type': type } }));
    return topic;
  };
  const inRealOne = kind === 'embedded' ? () => undefined : needsRealRocketMQ;

  test('a message is stored as it was sent', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('NORMAL');
    const { msgId, queue } = await producer.send({
      topic,
      body: 'größer',
      tag: 't',
      keys: ['k'],
      properties: { p: 'v' },
    });
    const [stored] = await readBack(admin, topic, 1);
    expect(stored?.body.toString()).toBe('größer');
    expect(stored?.properties).toMatchObject({ UNIQ_KEY: msgId, TAGS: 't', KEYS: 'k', p: 'v' });
    expect(queue).toMatchObject({ topic, brokerName: 'broker-a', queueId: stored?.queueId });
  });

  test('many messages are stored in batches, each under its id', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('NORMAL');
    const outcomes = await producer.sendAll(Array.from({ length: 150 }, (_, index) => ({ topic, body: `${index}` })));
    const ids = outcomes.map((outcome) => (outcome.status === 'stored' ? outcome.result.msgId : outcome.error.message));
    const stored = await readBack(admin, topic, 150);
    expect(new Set(stored.map(({ properties }) => properties.UNIQ_KEY))).toEqual(new Set(ids));
    expect(stored).toHaveLength(150);
  });

  test('messages of a key are stored in order', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('FIFO', 4);
    const bodies = Array.from({ length: 20 }, (_, index) => `${index}`);
    await Promise.all(bodies.map((body) => producer.send({ topic, body, shardingKey: 'k' })));
    const stored = await readBack(admin, topic, 20);
    expect(stored.map(({ body }) => body.toString())).toEqual(bodies);
  });

  test('a message with a delay level is delivered later', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('DELAY');
    await producer.send({ topic, body: 'later', delayLevel: 1 });
    const [stored] = await readBack(admin, topic, 1);
    expect((stored?.storedAt ?? 0) - (stored?.bornAt ?? 0)).toBeGreaterThanOrEqual(900);
  });

  test('a message with a delay in ms is delivered later, or taken back', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('DELAY');
    const { msgId, recallHandle = '' } = await producer.send({ topic, body: 'never', delayMs: 3000 });
    await producer.send({ topic, body: 'later', delayMs: 3500 });
    expect(await producer.recall(topic, recallHandle)).toBe(msgId);
    const stored = await readBack(admin, topic, 1);
    expect(stored.map(({ body }) => body.toString())).toEqual(['later']);
  });

  test('a message of another type than its topic is for is refused, with the words of the proxy', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('NORMAL');
    const sending = producer.send({ topic, body: 'x', delayLevel: 1 });
    await expect(sending).rejects.toMatchObject({ outcome: 'refused', retryable: false, cause: { responseCode: 13 } });
    await expect(sending).rejects.toThrow(/DELAY/);
  });

  test('a topic that does not exist has no route', async (context) => {
    await inRealOne(context);
    const sending = producer.send({ topic: uniqueName('nowhere'), body: 'x' });
    await expect(sending).rejects.toMatchObject({ outcome: 'notSent', code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
  });

  test('a message cannot be asked for by its id, which is said', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('NORMAL');
    await producer.send({ topic, body: 'x', msgId: 'id-1' });
    const { stored, unanswered } = await producer.queryMessageByUniqKey({ topic, body: 'x', msgId: 'id-1' });
    expect(stored).toBeUndefined();
    expect(unanswered).toMatchObject([{ code: 'ROCKETMQ_BROKER', responseCode: 3 }]);
  });

  test('records that SQS delivers again are stored again, and the log tells once that nobody can say', async (context) => {
    await inRealOne(context);
    using built = buildFunction('sqs');
    const topic = await topicFor('NORMAL');
    await using running = startFunction(built, { topic, nameServers: [cluster.proxyRemotingAddr ?? ''] });
    const event = deliveredAgain(newEvent(3));
    const results = [await running.invoke(event), await running.invoke(event)];
    expect(results.map(reportedBy)).toEqual([[], []]);
    expect(results.map(metricsOf)).toMatchObject(Array(2).fill({ MessagesSent: 3, RecordsUnchecked: 3 }));
    const warnings = results.map(({ log }) => log.filter((line) => line.includes('cannot say what is stored')));
    expect(warnings).toEqual([[expect.stringContaining('answered 3 REQUEST_CODE_NOT_SUPPORTED')], []]);
    await expect.poll(async () => (await admin.readAll(topic)).length, { timeout: 10_000 }).toBe(6);
  });

  test('a request gets no reply, and says so', async (context) => {
    await inRealOne(context);
    const topic = await topicFor('NORMAL');
    await expect(producer.request({ topic, body: 'question' }, 500)).rejects.toMatchObject({
      code: 'ROCKETMQ_REQUEST_TIMEOUT',
    });
  });

  test('a transaction is pending until its check was answered, and then delivered once', {
    timeout: 120_000,
  }, async (context) => {
    await inRealOne(context);
    const topic = await topicFor('TRANSACTION');
    const own = createClient({ nameServerAddrs: [cluster.proxyRemotingAddr ?? ''] });
    await using ending = new AsyncDisposableStack();
    ending.defer(() => own.shutdown());
    const reports: TransactionCheckReport[] = [];
    const transacting = own.producer({ group: uniqueName('PG') });
    await transacting.onTransactionCheck({
      check: async () => 'commit',
      answered: (report) => void reports.push(report),
    });
    const upkeep = await own.beginInvocation(deadlineAfter(100_000));
    const result = await transacting.sendTransaction({ topic, body: 'x' }, async () => 'commit');
    expect(result).toMatchObject({ status: 'pending', reason: 'proxy', outcome: 'commit' });
    expect(await admin.readAll(topic)).toEqual([]);
    await expect.poll(() => reports.length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
    expect(reports[0]).toMatchObject({ answer: 'commit', isConfirmed: true, message: { topic, msgId: result.msgId } });
    await upkeep.end();
    const stored = await readBack(admin, topic, 1);
    expect(stored.map(({ properties }) => properties.UNIQ_KEY)).toEqual([result.msgId]);
  });
});
