import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RemotingCommand } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { type SendFields, sendRequest } from '../requests.ts';

describe.each([{ version: 513 }, { version: 403 }])('a broker of version $version', ({ version }) => {
  const isV5 = version === 513;
  const clock = new GivenClock(1_700_000_000_000);
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

  /** Stores a message and has its group send it back: the answer, and what is in a topic of it. */
  async function sentBack(delayLevel: number, fields: SendFields = {}, changes: Record<string, string> = {}) {
    const UNIQ_KEY = `u${++id}`;
    const properties = { UNIQ_KEY, TAGS: 'A', ...fields.properties };
    const { extFields } = await connection.request(sendRequest({ queueId: 2, flag: 5, ...fields, properties }));
    const msgId = extFields.msgId ?? '';
    const offset = String(BigInt(`0x${msgId.slice(-16)}`));
    const header = { group: 'G', offset, delayLevel: String(delayLevel), originTopic: 'T', ...changes };
    const answer = await connection.request({ code: RequestCode.CONSUMER_SEND_MSG_BACK, extFields: header });
    const copies = (topic: string) =>
      cluster.messages(topic).filter((message) => message.properties.UNIQ_KEY === UNIQ_KEY);
    return { answer, msgId, copies };
  }

  test('a message that is sent back comes again after its delay, in the retry topic of the group', async () => {
    const { answer, msgId, copies } = await sentBack(1);
    expect(answer).toMatchObject({ code: 0, remark: undefined });
    expect(copies('%RETRY%G')).toEqual([]);
    clock.advance(1_000);
    expect(copies('%RETRY%G')).toMatchObject([
      {
        queueId: 0,
        flag: 5,
        reconsumeTimes: 1,
        bornAt: 1_700_000_000_000,
        properties: { TAGS: 'A', RETRY_TOPIC: 'T', ORIGIN_MESSAGE_ID: msgId, DELAY: '1', WAIT: 'false' },
      },
    ]);
  });

  test('the broker chooses the delay where the consumer does not: 10 s at first, a level more each time', async () => {
    const first = await sentBack(0);
    const third = await sentBack(0, { reconsumeTimes: 2 });
    clock.advance(10_000);
    expect([first.copies('%RETRY%G').length, third.copies('%RETRY%G').length]).toEqual([1, 0]);
    clock.advance(50_000);
    expect(third.copies('%RETRY%G')).toHaveLength(1);
  });

  test('what comes again keeps the topic and the id that it had first', async () => {
    const { copies } = await sentBack(1, { properties: { RETRY_TOPIC: 'First', ORIGIN_MESSAGE_ID: 'id' } });
    clock.advance(1_000);
    expect(copies('%RETRY%G')).toMatchObject([{ properties: { RETRY_TOPIC: 'First', ORIGIN_MESSAGE_ID: 'id' } }]);
  });

  test.each([
    ['without a limit of the consumer after 16 tries', 1, { reconsumeTimes: 16 }, {}],
    ['after as many as it says', 1, { reconsumeTimes: 2 }, { maxReconsumeTimes: '2' }],
    ['when it says so', -1, {}, {}],
  ])('a message is a dead letter %s', async (_, delayLevel, fields, changes) => {
    const { answer, copies } = await sentBack(delayLevel, fields, changes);
    expect(answer.code).toBe(0);
    expect(copies('%DLQ%G')).toHaveLength(1);
    clock.advance(7_200_000);
    expect(copies('%RETRY%G')).toEqual([]);
  });

  test('a message that is not there, and a group with a bad name, are refused', async () => {
    const refused = async (changes: Record<string, string>): Promise<RemotingCommand> =>
      (await sentBack(1, {}, changes)).answer;
    expect(await refused({ offset: '99999999' })).toMatchObject({
      code: 1,
      remark: 'look message by offset failed, 99999999',
    });
    expect((await refused({ group: 'a b' })).code).toBe(isV5 ? 26 : 0);
  });
});
