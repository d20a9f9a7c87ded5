import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { sendRequest } from '../requests.ts';
import { COMMIT, endRequest, halfPlace, halfRequest, ROLLBACK, UNKNOWN } from '../transaction-requests.ts';

const NOT_SET = 'not set any response code';

describe.each([{ version: 513 }, { version: 403 }])(
  'END_TRANSACTION on a broker of version $version',
  ({ version }) => {
    const isV5 = version === 513;
    const clock = new GivenClock();
    let cluster: EmbeddedCluster;
    let connection: AdminConnection;
    let id = 0;

    beforeAll(async () => {
      cluster = await startEmbeddedCluster({ version, clock, topics: [{ name: 'T', queues: 4 }] });
      connection = await AdminConnection.open(cluster.broker().addr);
    });
    afterAll(async () => {
      await connection.close();
      await cluster.stop();
    });

    /** A half message born now, to be ended in any way, and the copies of it that are visible. */
    async function half(properties: Record<string, string> = {}) {
      const uniqKey = `h${++id}`;
      const request = halfRequest(uniqKey, { properties, bornTimestamp: clock.now(), queueId: 2 });
      const place = halfPlace(await connection.request(request));
      const end = (outcome: number, changes: Record<string, string> = {}) =>
        connection.request(endRequest(place, outcome, changes));
      const copies = () => cluster.messages('T').filter((message) => message.properties.UNIQ_KEY === uniqKey);
      return { place, end, copies };
    }

    test('a commit delivers the message to its own queue, marked as a transaction', async () => {
      const { place, end, copies } = await half({ KEYS: 'k', WAIT: 'true' });
      expect(copies()).toEqual([]);
      expect(await end(COMMIT)).toMatchObject({ code: 0, remark: undefined });
      const [message] = copies();
      expect(message).toMatchObject({
        queueId: 2,
        sysFlag: 8,
        bornAt: clock.now(),
        preparedTransactionOffset: BigInt(place.commitLogOffset),
      });
      expect(message?.properties).toMatchObject({ TRAN_MSG: 'true', PGROUP: 'PG', KEYS: 'k', WAIT: 'true' });
      expect(message?.properties.REAL_TOPIC).toBe(isV5 ? undefined : 'T');
      expect(message?.properties.__transactionId__).toBe(isV5 ? message?.properties.UNIQ_KEY : undefined);
    });

    test('a rollback delivers nothing, and its success has a remark that means nothing', async () => {
      const { end, copies } = await half();
      expect(await end(ROLLBACK)).toMatchObject({ code: 0, remark: NOT_SET });
      expect(copies()).toEqual([]);
    });

    test('every commit delivers another copy, after a rollback too', async () => {
      const { end, copies } = await half();
      for (const outcome of [COMMIT, COMMIT, ROLLBACK, ROLLBACK, COMMIT]) expect((await end(outcome)).code).toBe(0);
      expect(copies()).toHaveLength(3);
    });

    test('unknown is never answered, from a check neither', async () => {
      const { place } = await half();
      connection.write(endRequest(place, UNKNOWN));
      const fromCheck = connection.write(endRequest(place, UNKNOWN, { fromTransactionCheck: 'true' }));
      // Answers leave in the order of their requests: the next one would be the third.
      expect((await connection.request(endRequest(place, ROLLBACK))).opaque).toBe(fromCheck + 1);
    });

    test.each([
      [
        'a commit log offset beyond the log',
        { commitLogOffset: '99999999' },
        'Find prepared transaction message failed',
      ],
      ['another offset in the half queue', { tranStateTableOffset: '777' }, 'The transaction state table offset wrong'],
      ['another group', { producerGroup: 'other' }, 'The producer group wrong'],
      ['an outcome that is none', { commitOrRollback: '7' }, 'commitOrRollback field wrong'],
    ])('%s is answered 1 and delivers nothing', async (_, changes, remark) => {
      const { end, copies } = await half();
      const answer = await end(COMMIT, changes as Record<string, string>);
      expect(answer.code).toBe(1);
      expect(answer.remark).toContain(remark);
      expect(copies()).toEqual([]);
    });

    test('the place of an ordinary message, and a half message without a group, trip the broker', async () => {
      const ordinary = halfPlace(await connection.request(sendRequest()));
      const groupless = halfPlace(
        await connection.request(sendRequest({ sysFlag: 4, properties: { TRAN_MSG: 'true' } })),
      );
      for (const place of [ordinary, groupless]) {
        const answer = await connection.request(endRequest(place, COMMIT));
        expect(answer.code).toBe(1);
        expect(answer.remark).toContain('NullPointerException');
      }
    });

    test('topic, message id and transaction id are not looked at', async () => {
      const { end, copies } = await half();
      expect((await end(COMMIT, { topic: 'Other', msgId: 'x', transactionId: 'y' })).code).toBe(0);
      expect(copies()).toHaveLength(1);
    });

    test('the property alone makes a half message, whatever sysFlag says', async () => {
      const request = sendRequest({ properties: { TRAN_MSG: 'true', PGROUP: 'PG', UNIQ_KEY: 'plain' } });
      const place = halfPlace(await connection.request(request));
      expect((await connection.request(endRequest(place, COMMIT))).code).toBe(0);
      expect(cluster.messages('T').filter(({ properties }) => properties.UNIQ_KEY === 'plain')).toHaveLength(1);
    });

    test.each([
      [5, 6_000],
      [10, 10_000],
    ])(
      'with an immunity of %i s the producer may end it until %i ms after its birth, on 4.9 for ever',
      async (seconds, ms) => {
        const { end, copies } = await half({ CHECK_IMMUNITY_TIME_IN_SECONDS: String(seconds) });
        clock.advance(ms);
        expect((await end(COMMIT)).code).toBe(0);
        clock.advance(1);
        for (const outcome of [COMMIT, ROLLBACK]) {
          expect(await end(outcome)).toMatchObject(isV5 ? { code: 604, remark: NOT_SET } : { code: 0 });
        }
        expect((await end(COMMIT, { fromTransactionCheck: 'true' })).code).toBe(0);
        expect(copies()).toHaveLength(isV5 ? 2 : 3);
      },
    );

    test('without an immunity of its own it may be ended at any age', async () => {
      const { end, copies } = await half();
      clock.advance(3_600_000);
      expect((await end(COMMIT)).code).toBe(0);
      expect(copies()).toHaveLength(1);
    });

    test.each(['TRUE', 'True'])('the mark %s makes a half message too', async (TRAN_MSG) => {
      const { end, copies } = await half({ TRAN_MSG });
      expect(copies()).toEqual([]);
      expect((await end(COMMIT)).code).toBe(0);
      expect(copies()).toHaveLength(1);
    });

    test('a message that is sent back to be tried later is none on 5.x, whatever it is marked as', async () => {
      const properties = { TRAN_MSG: 'true', PGROUP: 'PG', DELAY: '1' };
      await connection.request(sendRequest({ topic: '%RETRY%CG', reconsumeTimes: 1, properties }));
      clock.advance(1_000);
      expect(cluster.messages('%RETRY%CG')).toHaveLength(isV5 ? 1 : 0);
    });

    test('a delay loses a half message: its commit is answered 0 and delivers nothing', async () => {
      const { end, copies } = await half({ DELAY: '1' });
      expect((await end(COMMIT)).code).toBe(0);
      clock.advance(60_000);
      expect(copies()).toEqual([]);
    });

    test('a timer does the same on 5.x and names the half topic in its handle, 4.9 delivers', async () => {
      const { end, copies } = await half({ TIMER_DELAY_MS: '2000' });
      expect((await end(COMMIT)).code).toBe(0);
      clock.advance(60_000);
      expect(copies()).toHaveLength(isV5 ? 0 : 1);
    });
  },
);

test('a slave ends no transaction', async () => {
  await using cluster = await startEmbeddedCluster({ brokers: [{ name: 'a' }, { name: 'a', slave: true }] });
  await using slave = await AdminConnection.open(cluster.brokers[1]?.addr ?? '');
  const place = { queueOffset: '0', commitLogOffset: '0' };
  expect((await slave.request(endRequest(place, COMMIT))).code).toBe(11);
});
