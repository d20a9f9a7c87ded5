import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { answerPush } from '../answer-push.ts';
import { heartbeatRequest, sendRequest } from '../requests.ts';

const topic = 'DefaultCluster_REPLY_TOPIC';
const clock = new GivenClock();

const reply = (to: string | undefined, code: number = RequestCode.SEND_REPLY_MESSAGE_V2) =>
  sendRequest({
    code,
    topic,
    body: 'the reply',
    properties: { MSG_TYPE: 'reply', CORRELATION_ID: 'c', ...(to !== undefined && { REPLY_TO_CLIENT: to }) },
  });

describe.each([{ version: 513 }, { version: 403 }])('replies on a broker of version $version', ({ version }) => {
  let cluster: EmbeddedCluster;
  let replier: AdminConnection;

  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ version, clock });
    replier = await AdminConnection.open(cluster.broker().addr);
  });
  afterAll(async () => {
    await replier.close();
    await cluster.stop();
  });

  async function requester(clientId: string): Promise<AdminConnection> {
    const connection = await AdminConnection.open(cluster.broker().addr);
    await connection.request(heartbeatRequest(clientId, { producer: 'PG' }));
    return connection;
  }

  /** Sends a reply and lets its requester take it with a code. */
  const taken = (to: string, client: AdminConnection, code = 0) =>
    Promise.all([replier.request(reply(to)), answerPush(client, code)]);

  test('the topic of replies is on every broker', () => {
    expect(cluster.nameServer().routeOf(topic)?.queueDatas).toMatchObject([{ writeQueueNums: 1, perm: 6 }]);
  });

  test.each([RequestCode.SEND_REPLY_MESSAGE, RequestCode.SEND_REPLY_MESSAGE_V2])(
    'code %i is pushed to the client, answered 0 when it takes it, and stored',
    async (code) => {
      await using client = await requester(`taker-${code}`);
      const [answer, pushed] = await Promise.all([replier.request(reply(`taker-${code}`, code)), answerPush(client)]);
      expect(answer).toMatchObject({ code: 0, remark: undefined });
      expect(answer.extFields).toMatchObject({ queueId: '0', MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' });
      expect(pushed).toMatchObject({ code: RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, flag: 0 });
      expect(new TextDecoder().decode(pushed.body)).toBe('the reply');
      expect(decodeProperties(pushed.extFields.properties ?? '')).toMatchObject({
        CORRELATION_ID: 'c',
        PUSH_REPLY_TIME: String(clock.now()),
      });
      expect(pushed.extFields.bornHost).toMatch(version === 513 ? /^127/ : /^\/127/);
      expect(cluster.messages(topic).at(-1)?.properties).toMatchObject({ MSG_TYPE: 'reply' });
    },
  );

  test('a client that refuses it, or goes away, has the reply fail', async () => {
    await using refusing = await requester('refusing');
    const [refused] = await taken('refusing', refusing, 1);
    expect(refused).toMatchObject({ code: 1, remark: 'push reply message to refusingfail.' });
    const leaving = await requester('leaving');
    const answer = replier.request(reply('leaving'));
    await leaving.nextPush();
    await leaving.close();
    expect(await answer).toMatchObject({ code: 1, remark: 'push reply message to leavingfail.' });
  });

  test('an unknown client, or none, is told, and the reply stored all the same', async () => {
    const before = cluster.messages(topic).length;
    const remark = 'push reply message fail, channel of <nobody> not found.';
    expect(await replier.request(reply('nobody'))).toMatchObject({ code: 1, remark });
    const none = await replier.request(reply(undefined));
    expect(none).toMatchObject({ code: 1, remark: 'reply message properties[REPLY_TO_CLIENT] is null' });
    expect(none.extFields.msgId).toMatch(/^[0-9A-F]{32}$/);
    expect(cluster.messages(topic)).toHaveLength(before + 2);
  });

  test('a heartbeat for a consumer only does not make a client reachable', async () => {
    await using consumer = await AdminConnection.open(cluster.broker().addr);
    await consumer.request(heartbeatRequest('consumer', { consumer: 'CG' }));
    expect((await replier.request(reply('consumer'))).code).toBe(1);
  });

  describe('a client id on two connections', () => {
    let id = 0;
    let clientId: string;
    let first: AdminConnection;
    let second: AdminConnection;

    beforeEach(async () => {
      clientId = `twice-${++id}`;
      first = await requester(clientId);
      second = await requester(clientId);
    });

    test('is reached on the newer one', async () => {
      expect((await taken(clientId, second))[0].code).toBe(0);
      await Promise.all([first.close(), second.close()]);
    });

    test('is lost when the older one closes, whatever heartbeats come on the newer one', async () => {
      await first.close();
      const known = () => cluster.broker().producers.clients('PG');
      await expect.poll(() => known().filter((client) => client.clientId === clientId).length).toBe(1);
      expect((await replier.request(reply(clientId))).code).toBe(1);
      await second.request(heartbeatRequest(clientId, { producer: 'PG' }));
      expect((await replier.request(reply(clientId))).code).toBe(1);
      await using third = await requester(clientId);
      expect((await taken(clientId, third))[0].code).toBe(0);
      await second.close();
    });

    test('is lost when the older one unregisters', async () => {
      const extFields = { clientID: clientId, producerGroup: 'PG' };
      await first.request({ code: RequestCode.UNREGISTER_CLIENT, extFields });
      expect((await replier.request(reply(clientId))).code).toBe(1);
      await Promise.all([first.close(), second.close()]);
    });
  });

  test('an expired client is lost only where it was reached', async () => {
    const old = await requester('expiring');
    clock.advance(100_000);
    await using renewed = await requester('expiring');
    await replier.request(reply('nobody'));
    clock.advance(21_000);
    cluster.broker().sweep();
    await old.closed();
    expect((await taken('expiring', renewed))[0].code).toBe(0);
  });
});
