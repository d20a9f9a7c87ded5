import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeStoredMessages } from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { heartbeatRequest } from '../requests.ts';
import { COMMIT, checkedPlace, endRequest, halfPlace, halfRequest, ROLLBACK } from '../transaction-requests.ts';

const HALF_TOPIC = 'RMQ_SYS_TRANS_HALF_TOPIC';
const INTERVAL_MS = 30_000;
const nothing = { asked: 0, unheard: 0, immune: 0, parked: 0 };

describe.each([{ version: 513 }, { version: 403 }])('checks of a broker of version $version', ({ version }) => {
  const isV5 = version === 513;
  let clock: GivenClock;
  let cluster: EmbeddedCluster;
  let producer: AdminConnection;

  beforeEach(async () => {
    clock = new GivenClock();
    const topics = [{ name: 'T', queues: 4 }];
    cluster = await startEmbeddedCluster({ version, clock, topics, transactionCheckMax: 3 });
    producer = await AdminConnection.open(cluster.broker().addr);
  });
  afterEach(async () => {
    await producer.close();
    await cluster.stop();
  });

  const register = (connection: AdminConnection, clientId = 'c') =>
    connection.request(heartbeatRequest(clientId, { producer: 'PG' }));
  const sendHalf = async (uniqKey: string, properties: Record<string, string> = {}) =>
    halfPlace(await producer.request(halfRequest(uniqKey, { properties, bornTimestamp: clock.now(), queueId: 1 })));
  const round = (afterMs = INTERVAL_MS) => {
    clock.advance(afterMs);
    return cluster.broker().checkTransactions();
  };
  const copies = () => cluster.messages('T').length;

  test('a half message is asked for once it is older than the timeout, at the new place it is stored at', async () => {
    await register(producer);
    const first = await sendHalf('h');
    expect(round(6_000)).toEqual(nothing);
    expect(round(1)).toEqual({ ...nothing, asked: 1 });
    const push = await producer.nextPush();
    expect(push).toMatchObject({ code: RequestCode.CHECK_TRANSACTION_STATE, flag: 2 });
    const place = checkedPlace(push);
    expect(place.queueOffset).toBe('1');
    expect(place.commitLogOffset).not.toBe(first.commitLogOffset);
    expect(push.extFields).toMatchObject({ msgId: 'h', transactionId: 'h' });
    expect(push.extFields.topic).toBe(isV5 ? HALF_TOPIC : undefined);
    expect(push.extFields.bname).toBe(isV5 ? 'broker-a' : undefined);
    const [message] = decodeStoredMessages(Buffer.from(push.body));
    expect(message).toMatchObject({ topic: 'T', queueId: 1, sysFlag: 0 });
    expect(message?.properties).toMatchObject({ TRANSACTION_CHECK_TIMES: '1', PGROUP: 'PG', WAIT: 'false' });
    expect(cluster.messages(HALF_TOPIC)).toHaveLength(2);
  });

  test.each([
    ['commit', COMMIT, 1],
    ['rollback', ROLLBACK, 0],
  ])('an answer of %s ends the checks', async (_, outcome, delivered) => {
    await register(producer);
    await sendHalf('h');
    round();
    const place = checkedPlace(await producer.nextPush());
    await producer.request(endRequest(place, outcome, { fromTransactionCheck: 'true' }));
    expect(round()).toEqual(nothing);
    expect(copies()).toBe(delivered);
  });

  test('what was ended before the first check is never asked for', async () => {
    await register(producer);
    await producer.request(endRequest(await sendHalf('committed'), COMMIT));
    await producer.request(endRequest(await sendHalf('rolled back'), ROLLBACK));
    await sendHalf('open');
    expect(round()).toEqual({ ...nothing, asked: 1 });
    expect((await producer.nextPush()).extFields.msgId).toBe('open');
  });

  test('a commit at the old place delivers, and the new place goes on being asked for', async () => {
    await register(producer);
    const old = await sendHalf('h');
    round();
    await producer.nextPush();
    await producer.request(endRequest(old, COMMIT));
    expect(copies()).toBe(1);
    expect(round()).toEqual({ ...nothing, asked: 1 });
    await producer.request(
      endRequest(checkedPlace(await producer.nextPush()), ROLLBACK, { fromTransactionCheck: 'true' }),
    );
    expect(round()).toEqual(nothing);
    expect(copies()).toBe(1);
  });

  test('the counter grows with nobody there, until the message is parked; a late commit still delivers', async () => {
    const place = await sendHalf('h');
    for (const times of ['1', '2', '3']) {
      expect(round()).toEqual({ ...nothing, unheard: 1 });
      expect(cluster.messages(HALF_TOPIC).at(-1)?.properties.TRANSACTION_CHECK_TIMES).toBe(times);
    }
    expect(round()).toEqual({ ...nothing, parked: 1 });
    expect(round()).toEqual(nothing);
    const [parked] = cluster.messages('TRANS_CHECK_MAX_TIME_TOPIC');
    expect(parked).toMatchObject({ queueId: 0, sysFlag: 0 });
    expect(parked?.properties).toMatchObject({ UNIQ_KEY: 'h', TRANSACTION_CHECK_TIMES: '3' });
    expect((await producer.request(endRequest(place, COMMIT))).code).toBe(0);
    expect(copies()).toBe(1);
  });

  test('an immunity time puts off the question, but each round stores the message again and counts', async () => {
    await register(producer);
    const place = await sendHalf('h', { CHECK_IMMUNITY_TIME_IN_SECONDS: '45' });
    expect(round()).toEqual({ ...nothing, immune: 1 });
    expect(cluster.messages(HALF_TOPIC).at(-1)?.properties).toMatchObject({
      TRANSACTION_CHECK_TIMES: '1',
      TRAN_PREPARED_QUEUE_OFFSET: '0',
    });
    // So a commit in time, after such a round, does not spare the producer the question.
    expect((await producer.request(endRequest(place, COMMIT))).code).toBe(0);
    expect(round()).toEqual({ ...nothing, asked: 1 });
    expect((await producer.nextPush()).extFields.msgId).toBe('h');
    expect(copies()).toBe(1);
  });

  test('a message that is too young holds up those behind it', async () => {
    await register(producer);
    await sendHalf('young');
    clock.advance(-60_000);
    await sendHalf('old');
    clock.advance(60_000);
    expect(round(1_000)).toEqual(nothing);
  });

  test('a message of the future is asked for at once', async () => {
    await register(producer);
    await producer.request(halfRequest('h', { bornTimestamp: clock.now() + 3_600_000 }));
    expect(round(1)).toEqual({ ...nothing, asked: 1 });
  });

  test('clients of a group take turns by one counter for all messages', async () => {
    await using other = await AdminConnection.open(cluster.broker().addr);
    await register(producer, 'one');
    await register(other, 'two');
    for (const id of ['a', 'b']) await sendHalf(id);
    const asked: string[][] = [];
    for (let rounds = 0; rounds < 2; rounds++) {
      round();
      const pushes = await Promise.all([producer.nextPush(), other.nextPush()]);
      asked.push(pushes.map(({ extFields }) => extFields.msgId ?? ''));
    }
    // Two messages and two clients: each message meets the same client again.
    expect(asked[0]).toEqual(asked[1]);
  });

  test('a client that unregistered, or whose connection ended, is not asked', async () => {
    const other = await AdminConnection.open(cluster.broker().addr);
    await register(producer, 'one');
    await register(other, 'two');
    const extFields = { clientID: 'one', producerGroup: 'PG' };
    await producer.request({ code: RequestCode.UNREGISTER_CLIENT, extFields });
    for (const id of ['a', 'b']) await sendHalf(id);
    round();
    expect((await other.nextPush()).extFields.msgId).toBe('a');
    expect((await other.nextPush()).extFields.msgId).toBe('b');
    await other.close();
    await expect.poll(() => cluster.broker().producers.clients('PG')).toEqual([]);
    expect(round()).toEqual({ ...nothing, unheard: 2 });
  });

  test('the same client id on two connections is two clients', async () => {
    await using other = await AdminConnection.open(cluster.broker().addr);
    for (const connection of [producer, other]) await register(connection, 'same');
    for (const id of ['a', 'b']) await sendHalf(id);
    round();
    const pushes = await Promise.all([producer.nextPush(), other.nextPush()]);
    expect(pushes.map(({ extFields }) => extFields.msgId).toSorted()).toEqual(['a', 'b']);
  });
});

test('rounds come by themselves, while the broker runs', async () => {
  const topics = [{ name: 'T', queues: 4 }];
  await using cluster = await startEmbeddedCluster({ topics, transactionTimeOutMs: 0, transactionCheckIntervalMs: 5 });
  await using producer = await AdminConnection.open(cluster.broker().addr);
  await producer.request(heartbeatRequest('c', { producer: 'PG' }));
  await producer.request(halfRequest('h', { bornTimestamp: Date.now() }));
  expect((await producer.nextPush()).extFields.msgId).toBe('h');
});
