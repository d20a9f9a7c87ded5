import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection, type AdminRequest } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { batchRequest, sendRequest } from '../requests.ts';

const V5 = { version: 513 };
const V4 = { version: 403 };

describe.each([V5, V4])('a broker of version $version', ({ version }) => {
  let cluster: EmbeddedCluster;
  let connection: AdminConnection;
  const isV5 = version === 513;

  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ version, topics: [{ name: 'T', queues: 4 }] });
    connection = await AdminConnection.open(cluster.broker().addr);
  });
  afterAll(async () => {
    await connection.close();
    await cluster.stop();
  });

  /** The answer, and what the request added to a topic. */
  async function stored(request: AdminRequest, topic = 'T') {
    const known = new Set(cluster.messages(topic).map(({ commitLogOffset }) => commitLogOffset));
    const answer = await connection.request(request);
    const messages = cluster.messages(topic).filter(({ commitLogOffset }) => !known.has(commitLogOffset));
    return { answer, messages };
  }

  test.each([RequestCode.SEND_MESSAGE, RequestCode.SEND_MESSAGE_V2])(
    'stores a message sent by code %i',
    async (code) => {
      const properties = { UNIQ_KEY: 'id', KEYS: 'k', WAIT: 'true', colour: 'blau' };
      const { answer, messages } = await stored(sendRequest({ code, queueId: 2, flag: 7, properties, body: 'ü' }));
      expect(answer.code).toBe(0);
      expect(answer.extFields.queueId).toBe('2');
      expect(answer.extFields.transactionId).toBe(isV5 ? 'id' : undefined);
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatchObject({ topic: 'T', queueId: 2, flag: 7, bornAt: 1_700_000_000_000 });
      expect(messages[0]?.body.toString()).toBe('ü');
      const added = isV5 ? { MSG_REGION: 'DefaultRegion', TRACE_ON: 'true', WAIT: 'true' } : {};
      const { WAIT: _, ...own } = properties;
      expect({ ...messages[0]?.properties }).toEqual({ ...own, CLUSTER: 'DefaultCluster', ...added });
    },
  );

  test('makes a message id where there is none, on 5.x only', async () => {
    const { answer, messages } = await stored(sendRequest());
    const id = messages[0]?.properties.UNIQ_KEY;
    expect(answer.extFields.transactionId).toBe(id);
    if (isV5) expect(id).toMatch(/^[0-9A-F]{32}$/);
    else expect(id).toBeUndefined();
  });

  test('asks for no producer group, nor for a number of queues that it does not need', async () => {
    const request = sendRequest();
    const extFields = { ...request.extFields, a: undefined, d: undefined };
    expect((await connection.request({ ...request, extFields })).code).toBe(0);
  });

  test('chooses the queue when it is told none', async () => {
    const { answer, messages } = await stored(sendRequest({ queueId: -1 }));
    expect(answer.code).toBe(0);
    expect(messages[0]?.queueId).toBeGreaterThanOrEqual(0);
  });

  test.each([
    ['an unknown topic', { topic: 'Unknown' }, 17, 17],
    ['a queue beyond the topic', { queueId: 4 }, 29, 1],
    ['an illegal topic name', { topic: 'a b' }, 29, 1],
    ['a blank topic name', { topic: ' ' }, 29, 1],
    ['a topic name of 128 characters', { topic: 'x'.repeat(128) }, 29, 1],
    ['the retry topic of a group', { topic: '%RETRY%CG' }, 0, 0],
    ['a system topic', { topic: 'SCHEDULE_TOPIC_XXXX' }, 16, 16],
    ['a body over 4 MiB', { body: Buffer.alloc(4_194_305) }, 13, 13],
    ['a body of 4 MiB', { body: Buffer.alloc(4_194_304) }, 0, 0],
    ['an empty body', { body: '' }, 1, 0],
    ['a delay level that is no number', { properties: { DELAY: 'abc' } }, 1, 1],
    ['a delay level that is no Java int', { properties: { DELAY: '2147483648' } }, 1, 1],
  ])('%s is answered as a real broker does', async (_, fields, codeOfV5, codeOfV4) => {
    expect((await connection.request(sendRequest(fields))).code).toBe(isV5 ? codeOfV5 : codeOfV4);
  });

  test('properties are limited in bytes as stored, with what the broker adds', async () => {
    // `p` and the two separators take three more; 4.9 takes WAIT away before it adds its own.
    const longest = isV5 ? 32_705 - 3 : 32_755 - 3 - 'WAIT\u0001true\u0002'.length;
    for (const [length, code] of [
      [longest, 0],
      [longest + 1, 13],
    ] as const) {
      const properties = { p: 'x'.repeat(length), WAIT: 'true' };
      const uniqKeyBytes = isV5 ? 'UNIQ_KEY\u0001'.length + 32 + 1 + 'WAIT\u0001true\u0002'.length : 0;
      const request = sendRequest({ properties: { ...properties, p: 'x'.repeat(length - uniqKeyBytes) } });
      expect((await connection.request(request)).code).toBe(code);
    }
  });

  test('the permission of a topic is not looked at, as on a real broker', async () => {
    cluster.broker().setPerm('T', 4);
    expect((await connection.request(sendRequest())).code).toBe(0);
    cluster.broker().setPerm('T', 6);
  });

  test.each([2, 14, 16] as const)('all sends can be refused with %i', async (code) => {
    cluster.broker().sendRefusal = code;
    const { answer, messages } = await stored(sendRequest());
    cluster.broker().sendRefusal = undefined;
    expect(answer.code).toBe(code);
    expect(answer.extFields.TRACE_ON).toBe(code === 2 ? undefined : 'true');
    expect(messages).toEqual([]);
  });

  test.each([RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE])(
    'a batch by its header, sent by code %i, is stored member by member',
    async (code) => {
      const members = [{ UNIQ_KEY: 'a', TAGS: 'A' }, { UNIQ_KEY: 'b' }];
      const { answer, messages } = await stored(batchRequest(members, { code, properties: { WAIT: 'true' } }));
      const ids = answer.extFields.msgId?.split(',') ?? [];
      expect(ids).toHaveLength(2);
      expect(answer.extFields.queueOffset).toBe(String(messages[0]?.queueOffset));
      expect(answer.extFields.transactionId).toBeUndefined();
      expect(messages.map(({ body, flag }) => [body.toString(), flag])).toEqual([
        ['0', 0],
        ['1', 1],
      ]);
      const added = isV5 ? {} : { WAIT: 'true', CLUSTER: 'DefaultCluster' };
      expect(messages.map(({ properties }) => ({ ...properties }))).toEqual(members.map((m) => ({ ...m, ...added })));
    },
  );

  test('the properties of a batch header overwrite those of its members on 4.9', async () => {
    const { answer, messages } = await stored(batchRequest([{ UNIQ_KEY: 'a' }], { properties: { UNIQ_KEY: 'batch' } }));
    expect(answer.extFields.msgId).not.toContain(',');
    expect(answer.extFields.transactionId).toBe(isV5 ? 'batch' : undefined);
    expect(messages[0]?.properties.UNIQ_KEY).toBe(isV5 ? 'a' : 'batch');
  });

  test('a batch block without the header flag is stored as one body', async () => {
    const { messages } = await stored(batchRequest([{ UNIQ_KEY: 'a' }, { UNIQ_KEY: 'b' }], { batch: false }));
    expect(messages).toHaveLength(1);
  });

  test.each([
    ['a delay in its header', { properties: { DELAY: '1' } }, 13, 13],
    ['a transaction by sysFlag', { sysFlag: 4 }, 13, 13],
    ['a transaction among the properties of its header only', { properties: { TRAN_MSG: 'true' } }, 0, 0],
    ['a retry topic', { topic: '%RETRY%CG' }, 13, 0],
    ['more than 4 MiB', { body: Buffer.alloc(4_194_305) }, 1, 13],
    ['no members', { body: '' }, 1, 1],
    ['a member cut short', { body: Buffer.alloc(10) }, 1, 1],
  ])('a batch with %s is answered as a real broker does', async (_, fields, codeOfV5, codeOfV4) => {
    const answer = await connection.request(batchRequest([{ UNIQ_KEY: 'a' }], fields));
    expect(answer.code).toBe(isV5 ? codeOfV5 : codeOfV4);
  });

  test('members of a batch are visible at once, whatever delay they name', async () => {
    const { messages } = await stored(
      batchRequest([{ DELAY: '18' }, { TIMER_DELAY_MS: '60000' }, { TRAN_MSG: 'true' }]),
    );
    expect(messages).toHaveLength(3);
  });

  test('half messages and messages marked as such by sysFlag alone are not visible', async () => {
    const half = sendRequest({ sysFlag: 4, properties: { TRAN_MSG: 'true', PGROUP: 'PG', UNIQ_KEY: 'h' } });
    const { answer, messages } = await stored(half);
    expect(answer.code).toBe(0);
    expect(messages).toEqual([]);
    const [parked] = cluster.messages('RMQ_SYS_TRANS_HALF_TOPIC');
    expect(parked?.properties).toMatchObject({ REAL_TOPIC: 'T', REAL_QID: '0', UNIQ_KEY: 'h' });
    expect(await stored(sendRequest({ sysFlag: 4 }))).toMatchObject({
      answer: { code: 0, extFields: { queueOffset: '0' } },
      messages: [],
    });
  });
});

test('an unknown topic is created after the default topic where the broker does that', async () => {
  await using cluster = await startEmbeddedCluster({ autoCreateTopics: true });
  await using connection = await AdminConnection.open(cluster.broker().addr);
  const send = sendRequest({ topic: 'New', defaultTopic: 'TBW102', defaultTopicQueueNums: 16 });
  expect((await connection.request(send)).code).toBe(0);
  expect(cluster.nameServer().routeOf('New')?.queueDatas).toMatchObject([{ perm: 6, writeQueueNums: 8 }]);
  const other = sendRequest({ topic: 'Other', defaultTopic: 'Other' });
  expect((await connection.request(other)).code).toBe(17);
});

test('a slave has what its master has, and takes no sends', async () => {
  const brokers = [{ name: 'a' }, { name: 'a', slave: true }];
  await using cluster = await startEmbeddedCluster({ brokers, topics: [{ name: 'T', queues: 1 }] });
  const [master, slave] = cluster.brokers;
  await using toMaster = await AdminConnection.open(master?.addr ?? '');
  await using toSlave = await AdminConnection.open(slave?.addr ?? '');
  expect((await toMaster.request(sendRequest())).code).toBe(0);
  expect((await toSlave.request(sendRequest())).code).toBe(2);
  expect(slave?.messages('T')).toHaveLength(1);
  expect(cluster.messages('T')).toHaveLength(1);
});
