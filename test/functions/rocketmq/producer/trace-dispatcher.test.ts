import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { decodeProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeSendMessageHeader } from '../../../../functions/rocketmq/protocol/send-message-header.ts';
import type { EmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { goldenFrame } from '../protocol/golden-frames.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { startProducer, TOPIC } from './start-producer.ts';

const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
const SEND = RequestCode.SEND_MESSAGE_V2;
const topics = [{ name: TOPIC, queues: 1 }];
const withTraceTopic = { topics: [...topics, { name: TRACE_TOPIC, queues: 1 }] };
/** Places of fields in a record. */
const STORE_HOST = 8;
const COST_MS = 10;
const OFFSET_MSG_ID = 12;
const invocation = { remainingMs: () => 10_000 };

test('a trace message is what the Java client sends, field for field', async () => {
  const golden = goldenFrame('java550-broker550-json/trace-message.request');
  const theirs = decodeSendMessageHeader(SEND, Object.fromEntries(withValues(golden.decoded.extFields)));
  const body = Buffer.from(golden.decoded.bodyHex ?? '', 'hex').toString();
  const [, startedAt = '', , , topic = '', msgId = ''] = body.split('\u0001');
  const clock = { now: () => Number(startedAt) };
  await using started = await startProducer({
    cluster: {
      topics: [
        { name: topic, queues: 1 },
        { name: TRACE_TOPIC, queues: 1 },
      ],
    },
    client: { clock, serializeType: 'JSON' },
    producer: { group: 'PG_trace', trace: true },
  });
  const { client, cluster, producer } = started;
  const upkeep = await client.beginInvocation(invocation);
  const result = await producer.send({ topic, body: 'traced', tag: 'TagTr', keys: ['trk'], msgId });
  await upkeep.end();
  const [sent] = cluster
    .broker()
    .requests.last(SEND)
    .filter(({ extFields }) => extFields.b === TRACE_TOPIC);
  const ours = decodeSendMessageHeader(SEND, sent?.extFields ?? {});
  // Java's default topic is one to make topics after; this client makes none. Times and the message's own id are its own.
  const { properties, bornTimestamp: _born, defaultTopic: _default, ...fields } = ours;
  const {
    properties: theirProperties,
    bornTimestamp: _theirBorn,
    defaultTopic: _theirDefault,
    ...theirFields
  } = theirs;
  expect(fields).toEqual(theirFields);
  const withoutId = (text: string) => ({ ...decodeProperties(text), UNIQ_KEY: undefined });
  expect(withoutId(properties)).toEqual(withoutId(theirProperties));
  // Where it is stored, and how long that took, is the broker's.
  const expected = body.split('\u0001');
  expected[STORE_HOST] = cluster.broker().addr;
  expected[COST_MS] = '0';
  expected[OFFSET_MSG_ID] = result.offsetMsgId;
  expect(cluster.messages(TRACE_TOPIC)[0]?.body.toString().split('\u0001')).toEqual(expected);
});

test('a transaction is traced as a half message and its end, also when the end answers a check', async () => {
  const clock = new GivenClock();
  const namespace = 'tenant';
  await using started = await startProducer({
    cluster: {
      clock,
      topics: [
        { name: `${namespace}%${TOPIC}`, queues: 1 },
        { name: TRACE_TOPIC, queues: 1 },
      ],
    },
    client: { clock, namespace },
    producer: { group: 'payer', trace: true },
  });
  const { client, cluster, producer } = started;
  await producer.onTransactionCheck({ check: async () => 'rollback' });
  const upkeep = await client.beginInvocation(invocation);
  const message = { topic: TOPIC, body: 'x', tag: 'paid', keys: ['a', 'b'] };
  const committed = await producer.sendTransaction(message, async () => 'commit');
  const open = await producer.sendTransaction({ topic: TOPIC, body: 'y' }, async () => 'unknown');
  const endedAt = clock.now();
  clock.advance(7_000);
  cluster.broker().checkTransactions();
  // Commit, unknown, and the answer to the check.
  await cluster.broker().requests.arrived(RequestCode.END_TRANSACTION, 3);
  await expect.poll(() => client.pendingCount).toBe(0);
  await upkeep.end();
  const records = cluster
    .messages(TRACE_TOPIC)
    .flatMap(({ body }) => body.toString().split('\u0002').slice(0, -1))
    .map((record) => record.split('\u0001'));
  const { addr } = cluster.broker();
  const end = (
    at: number,
    { msgId }: { readonly msgId: string },
    words: readonly string[],
    state: string,
    isFromCheck: string,
  ) => [
    'EndTransaction',
    String(at),
    'DefaultRegion',
    'payer',
    TOPIC,
    msgId,
    ...words,
    addr,
    '2',
    msgId,
    state,
    isFromCheck,
  ];
  expect(records.map(([kind, , , , , msgId, , , , , , type]) => (kind === 'Pub' ? [msgId, type] : []))).toEqual(
    expect.arrayContaining([
      [committed.msgId, '1'],
      [open.msgId, '1'],
    ]),
  );
  expect(records.filter(([kind]) => kind === 'EndTransaction')).toEqual([
    end(endedAt, committed, ['paid', 'a b'], 'COMMIT_MESSAGE', 'false'),
    end(endedAt, open, ['null', 'null'], 'UNKNOW', 'false'),
    end(endedAt + 7_000, open, ['null', 'null'], 'ROLLBACK_MESSAGE', 'true'),
  ]);
});

test('the end of a transaction that was not sent is not traced', async () => {
  await using started = await startProducer({ cluster: withTraceTopic, producer: { trace: true } });
  const { client, cluster, producer } = started;
  const upkeep = await client.beginInvocation(invocation);
  let remainingMs = 5_000;
  const late = async () => {
    remainingMs = 0;
    return 'commit' as const;
  };
  const deadline = { remainingMs: () => remainingMs };
  const result = await producer.sendTransaction({ topic: TOPIC, body: 'x' }, late, { deadline });
  expect(result).toMatchObject({ status: 'pending', reason: 'tooLate' });
  await upkeep.end();
  const [record] = cluster.messages(TRACE_TOPIC);
  expect(record?.body.toString()).toMatch(/^Pub[^\u0002]+\u0002$/);
});

test('traces are sent before the invocation returns, ten records a message', async () => {
  await using started = await startProducer({ cluster: withTraceTopic, producer: { trace: true } });
  const { client, cluster, producer } = started;
  const upkeep = await client.beginInvocation(invocation);
  await Promise.all(Array.from({ length: 25 }, (_, index) => producer.send({ topic: TOPIC, body: `${index}` })));
  expect(cluster.messages(TRACE_TOPIC)).toEqual([]);
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
  const records = cluster.messages(TRACE_TOPIC).map(({ body }) => body.toString().split('\u0002').length - 1);
  expect(records.toSorted((a, b) => b - a)).toEqual([10, 10, 5]);
});

test.each([
  ['has no topic for traces', undefined],
  ['refuses traces', { kind: 'answer', code: 1, codes: [SEND], topic: TRACE_TOPIC }],
  ['never answers traces', { kind: 'no-answer', isStored: false, codes: [SEND], topic: TRACE_TOPIC }],
] as const)('a cluster that %s fails no send and no invocation', async (_what, fault) => {
  const cluster = fault === undefined ? { topics } : withTraceTopic;
  const client = { dueWorkBudgetMs: 200 };
  await using started = await startProducer({ cluster, client, producer: { trace: true } });
  if (fault !== undefined) started.cluster.broker().faults.add(fault);
  const upkeep = await started.client.beginInvocation(invocation);
  expect(await started.producer.send({ topic: TOPIC, body: 'x' })).toMatchObject({ status: 'SEND_OK', attempts: 1 });
  await upkeep.end();
  expect(started.client.pendingCount).toBe(0);
  expect(started.cluster.messages(TRACE_TOPIC)).toEqual([]);
  expect(started.cluster.messages(TOPIC)).toHaveLength(1);
});

/** Records in each trace message, and the words it is found by. */
const traced = (cluster: EmbeddedCluster) =>
  cluster.messages(TRACE_TOPIC).map(({ body, properties }) => ({
    records: body.toString().split('\u0002').length - 1,
    keys: properties.KEYS?.split(' ') ?? [],
  }));

test('records whose keys do not fit into one trace message are sent in several, each with the keys of its records', async () => {
  await using started = await startProducer({ cluster: withTraceTopic, producer: { trace: true } });
  const { client, cluster, producer } = started;
  const upkeep = await client.beginInvocation(invocation);
  const keys = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(4000));
  // As large as a message may have one: beside the id of its message, it has no room.
  keys.push('x'.repeat(31_900));
  for (const key of keys) await producer.send({ topic: TOPIC, body: 'x', keys: [key] });
  await upkeep.end();
  const messages = traced(cluster);
  expect(messages.map(({ records }) => records)).toEqual([7, 4]);
  expect(messages.flatMap((message) => message.keys.filter((key) => key.length === 4000))).toEqual(keys.slice(0, 10));
  expect(messages.map((message) => message.keys.length)).toEqual([14, 7]);
});

test('records that are larger than a message may be are sent in several', async () => {
  const producer = { trace: true, maxMessageBytes: 1000 };
  await using started = await startProducer({ cluster: withTraceTopic, producer });
  const upkeep = await started.client.beginInvocation(invocation);
  const keys = ['k'.repeat(250)];
  for (let count = 0; count < 5; count++) await started.producer.send({ topic: TOPIC, body: 'x', keys });
  await upkeep.end();
  expect(traced(started.cluster).map(({ records }) => records)).toEqual([2, 2, 1]);
});

test('a message id with a blank is in the record, but no key, since a blank would end it', async () => {
  await using started = await startProducer({ cluster: withTraceTopic, producer: { trace: true } });
  const { client, cluster, producer } = started;
  const upkeep = await client.beginInvocation(invocation);
  await producer.send({ topic: TOPIC, body: 'x', msgId: 'order 1', keys: ['a'] });
  await producer.send({ topic: TOPIC, body: 'x', msgId: 'order-2' });
  await upkeep.end();
  expect(traced(cluster)).toEqual([{ records: 2, keys: ['a', 'order-2'] }]);
  expect(cluster.messages(TRACE_TOPIC)[0]?.body.toString()).toContain('\u0001order 1\u0001');
});

test('a trace that cannot be sent takes no other with it, and the invocation ends with all of them settled', async () => {
  const producer = { trace: true, maxMessageBytes: 1000 };
  await using started = await startProducer({ cluster: withTraceTopic, producer });
  const { client, cluster } = started;
  const upkeep = await client.beginInvocation(invocation);
  for (const key of ['first', 'too-large'.repeat(120), 'last']) {
    await started.producer.send({ topic: TOPIC, body: 'x', keys: [key] });
  }
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
  expect(traced(cluster).map(({ keys }) => keys[1])).toEqual(['first', 'last']);
});

test('nothing is traced unless the producer is told to', async () => {
  await using started = await startProducer({ cluster: withTraceTopic });
  const upkeep = await started.client.beginInvocation(invocation);
  await started.producer.send({ topic: TOPIC, body: 'x' });
  await upkeep.end();
  expect(started.cluster.messages(TRACE_TOPIC)).toEqual([]);
});

function withValues(fields: Readonly<Record<string, string | null>> | null): [string, string][] {
  return Object.entries(fields ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}
