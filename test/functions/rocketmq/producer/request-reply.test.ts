import { Buffer } from 'node:buffer';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { encodeProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { MessageSysFlag } from '../../../../functions/rocketmq/protocol/message-sys-flag.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import type { EmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const PUSH = RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT;
const question = { topic: TOPIC, body: 'question' };
const LIMIT_MS = 5000;
/** So that the last message of the topic is the newest. */
const ONE_QUEUE = { cluster: { topics: [{ name: TOPIC, queues: 1 }] } };

/** What a broker does with a consumer's reply: hands it to the client that asked, last or as told. Answers the client's answer. */
async function push(
  cluster: EmbeddedCluster,
  brokerName: string,
  body: Uint8Array,
  sysFlag = 0,
  correlationId?: string,
  request = -1,
) {
  const broker = cluster.broker(brokerName);
  await expect.poll(() => cluster.messages(TOPIC).length).toBeGreaterThan(0);
  const { CORRELATION_ID = '', REPLY_TO_CLIENT = '' } = cluster.messages(TOPIC).at(request)?.properties ?? {};
  const connection = broker.producers.connectionOf(REPLY_TO_CLIENT);
  if (connection === undefined) throw new Error(`${brokerName} does not know ${REPLY_TO_CLIENT}`);
  const properties = encodeProperties({ CORRELATION_ID: correlationId ?? CORRELATION_ID, p: 'v' });
  return broker.callTo(connection, PUSH, { properties, sysFlag: `${sysFlag}` }, Buffer.from(body), LIMIT_MS);
}

test('a reply is taken from whichever master pushes it, not only from the one that has the request', async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  for (const brokerName of ['broker-a', 'broker-b']) {
    const queue = { topic: TOPIC, brokerName: 'broker-b', queueId: 0 };
    const asking = producer.request({ ...question, body: brokerName }, LIMIT_MS, { queue });
    await expect.poll(() => cluster.messages(TOPIC).at(-1)?.body.toString()).toBe(brokerName);
    expect(await push(cluster, brokerName, Buffer.from('reply'))).toMatchObject({ code: 0 });
    const { body, properties } = await asking;
    expect([body.toString(), properties.p]).toEqual(['reply', 'v']);
  }
});

test('requests made at once on a new client all name one client id, under which every master knows it', async () => {
  await using started = await startProducer({ cluster: TWO_BROKERS });
  const { cluster, producer } = started;
  const errors = await Promise.all([1, 2, 3].map(() => rejectionOf(producer.request(question, 300))));
  expect(errors.map((error) => (error as { code: string }).code)).toEqual(Array(3).fill('ROCKETMQ_REQUEST_TIMEOUT'));
  const ids = new Set(cluster.messages(TOPIC).map(({ properties }) => properties.REPLY_TO_CLIENT ?? ''));
  expect(ids.size).toBe(1);
  for (const id of ids) {
    for (const { producers } of cluster.brokers) expect(producers.connectionOf(id)).toBeDefined();
  }
});

test('a reply that nobody waits for is taken with 0, and the one that is waited for still comes', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, producer } = started;
  const asking = producer.request(question, LIMIT_MS);
  expect(await push(cluster, 'broker-a', Buffer.from('other'), 0, 'of nobody')).toMatchObject({ code: 0 });
  expect(await push(cluster, 'broker-a', Buffer.from('reply'))).toMatchObject({ code: 0 });
  expect((await asking).body.toString()).toBe('reply');
});

test('two producers of one client get each the reply to its own request, in whatever order replies come', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, client, producer } = started;
  const asking = producer.request({ ...question, body: 'first' }, LIMIT_MS);
  await expect.poll(() => cluster.messages(TOPIC).length).toBe(1);
  const askingToo = client.producer({ group: 'another' }).request({ ...question, body: 'second' }, LIMIT_MS);
  await expect.poll(() => cluster.messages(TOPIC).length).toBe(2);
  await push(cluster, 'broker-a', Buffer.from('to the second'), 0, undefined, 1);
  await push(cluster, 'broker-a', Buffer.from('to the first'), 0, undefined, 0);
  const replies = await Promise.all([asking, askingToo]);
  expect(replies.map(({ body }) => body.toString())).toEqual(['to the first', 'to the second']);
});

test('a request whose reply overtook its confirmation is not sent again, and its invocation waits for what is under way', async () => {
  await using started = await startProducer({ ...ONE_QUEUE, producer: { attemptTimeoutMs: 300 } });
  const { cluster, client, producer } = started;
  cluster.broker().faults.add({ kind: 'no-answer', isStored: true, codes: [SEND], times: 1 });
  const upkeep = await client.beginInvocation(deadlineAfter(LIMIT_MS));
  const asking = producer.request(question, LIMIT_MS);
  await push(cluster, 'broker-a', Buffer.from('reply'));
  expect((await asking).body.toString()).toBe('reply');
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
  expect(cluster.broker().requests.count(SEND)).toBe(1);
});

test('so it is with a reply that cannot be read', async () => {
  await using started = await startProducer({ ...ONE_QUEUE, producer: { attemptTimeoutMs: 300 } });
  const { cluster, client, producer } = started;
  cluster.broker().faults.add({ kind: 'no-answer', isStored: true, codes: [SEND], times: 1 });
  const upkeep = await client.beginInvocation(deadlineAfter(LIMIT_MS));
  const failing = rejectionOf(producer.request(question, LIMIT_MS));
  await push(cluster, 'broker-a', Buffer.from('no LZ4'), MessageSysFlag.COMPRESSED | MessageSysFlag.COMPRESSION_LZ4);
  expect(await failing).toMatchObject({ code: 'ROCKETMQ_REMOTING_COMMAND' });
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
  expect(cluster.broker().requests.count(SEND)).toBe(1);
});

test('an invocation waits for a request that is given up before it is confirmed', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, client, producer } = started;
  cluster.broker().faults.add({ kind: 'no-answer', isStored: true, codes: [SEND] });
  const upkeep = await client.beginInvocation(deadlineAfter(LIMIT_MS));
  expect(await rejectionOf(producer.request(question, 300))).toMatchObject({ outcome: 'unknown' });
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
});

test('a group that sends transactions, and so is not registered always, gets replies too', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, client, producer } = started;
  const sending = await client.beginInvocation(deadlineAfter(LIMIT_MS));
  await producer.sendTransaction({ topic: TOPIC, body: 'x' }, async () => 'commit');
  await sending.end();
  const asking = producer.request(question, LIMIT_MS);
  await expect.poll(() => cluster.messages(TOPIC).length).toBe(2);
  await push(cluster, 'broker-a', Buffer.from('reply'));
  expect((await asking).body.toString()).toBe('reply');
});

test('a compressed reply is read, and one that cannot be read fails its request at once, saying why', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, producer } = started;
  const zlib = MessageSysFlag.COMPRESSED | MessageSysFlag.COMPRESSION_ZLIB;
  const asking = producer.request(question, LIMIT_MS);
  await push(cluster, 'broker-a', deflateSync('a long reply'), zlib);
  expect((await asking).body.toString()).toBe('a long reply');
  for (const [sysFlag, reason] of [
    [MessageSysFlag.COMPRESSED | MessageSysFlag.COMPRESSION_LZ4, 'LZ4'],
    [zlib, 'incorrect header check'],
  ] as const) {
    const before = cluster.messages(TOPIC).length;
    const failing = rejectionOf(producer.request(question, LIMIT_MS));
    await expect.poll(() => cluster.messages(TOPIC).length).toBe(before + 1);
    expect(await push(cluster, 'broker-a', Buffer.from('not what it says'), sysFlag)).toMatchObject({ code: 0 });
    expect(await failing).toMatchObject({ code: 'ROCKETMQ_REMOTING_COMMAND' });
    expect(String(await failing)).toContain(reason);
  }
});

test('a request that no broker stores fails as a send does, without waiting for a reply', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, client, producer } = started;
  cluster.broker().faults.add({ kind: 'answer', code: 13, codes: [SEND] });
  const failing = producer.request(question, 60_000);
  await expect(failing).rejects.toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', outcome: 'refused' });
  expect(client.pendingCount).toBe(0);
});

test('a connection that ended unseen is replaced under the id that the request names, so that its reply comes', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, producer } = started;
  await rejectionOf(producer.request(question, 50));
  cluster.broker().closeConnections('RST');
  const asking = producer.request({ ...question, body: 'again' }, LIMIT_MS);
  await expect.poll(() => cluster.messages(TOPIC).at(-1)?.body.toString()).toBe('again');
  await push(cluster, 'broker-a', Buffer.from('reply'));
  expect((await asking).body.toString()).toBe('reply');
});

test('a request waits no longer than its own limit for the registration of another one', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [RequestCode.HEART_BEAT] });
  const patient = rejectionOf(producer.request({ topic: TOPIC, body: 'x' }, 2_000));
  await cluster.broker().requests.arrived(RequestCode.HEART_BEAT, 1);
  let isPatientOver = false;
  void patient.then(() => {
    isPatientOver = true;
  });
  const hasty = await rejectionOf(producer.request({ topic: TOPIC, body: 'x' }, 30));
  expect({ hasty, isPatientOver }).toMatchObject({ hasty: { code: 'ROCKETMQ_DEADLINE' }, isPatientOver: false });
  await patient;
});

test('a request that waits for its reply fails when the client is shut down', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, client, producer } = started;
  const asking = rejectionOf(producer.request(question, LIMIT_MS));
  await expect.poll(() => cluster.messages(TOPIC).length).toBe(1);
  await client.shutdown();
  // It was sent, and a consumer may have it.
  expect(await asking).toMatchObject({ code: 'ROCKETMQ_CLIENT_CLOSED', outcome: 'unknown' });
});

test('a request waits for its reply however much longer than a timer can wait it may', async () => {
  await using started = await startProducer(ONE_QUEUE);
  const { cluster, producer } = started;
  const asking = producer.request(question, Number.MAX_SAFE_INTEGER);
  await push(cluster, 'broker-a', Buffer.from('reply'));
  expect((await asking).body.toString()).toBe('reply');
});
