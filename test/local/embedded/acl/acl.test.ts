import { Buffer } from 'node:buffer';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type AclCredentials, signedFields } from '../../../../functions/rocketmq/protocol/acl-signature.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { encodeCreateTopic, topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { AdminConnection, type AdminRequest } from '../../../../local/admin-connection.ts';
import type { AclSettings } from '../../../../local/embedded/acl/acl-settings.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { batchRequest, heartbeatRequest, sendRequest } from '../requests.ts';
import { COMMIT, endRequest, halfPlace, halfRequest } from '../transaction-requests.ts';

const admin: AclCredentials = { accessKey: 'admin', secretKey: 'adminSecret' };
const user: AclCredentials = { accessKey: 'user', secretKey: 'userSecret' };
const acl: AclSettings = { users: [admin, { ...user, topics: { T: ['PUB'], S: ['SUB'] } }] };

const signed = (request: AdminRequest, credentials: AclCredentials = user): AdminRequest => ({
  ...request,
  extFields: signedFields(request.extFields ?? {}, request.body ?? Buffer.alloc(0), credentials),
});
const without = (request: AdminRequest, field: string): AdminRequest => ({
  ...request,
  extFields: { ...request.extFields, [field]: undefined },
});
const query = (version: number): AdminRequest => ({
  ...signed(
    {
      code: RequestCode.QUERY_MESSAGE,
      extFields: {
        topic: 'T',
        key: 'k',
        maxNum: '1',
        beginTimestamp: '0',
        endTimestamp: '1',
        _UNIQUE_KEY_QUERY: 'true',
      },
    },
    admin,
  ),
  version,
});

describe.each([
  { version: 513, code: 16 },
  { version: 403, code: 1 },
])('access control of a broker of version $version', ({ version, code }) => {
  const isV5 = version === 513;
  let cluster: EmbeddedCluster;
  let connection: AdminConnection;

  beforeAll(async () => {
    const topics = ['T', 'S', 'Other'].map((name) => ({ name, queues: 2 }));
    cluster = await startEmbeddedCluster({ version, topics, acl });
    connection = await AdminConnection.open(cluster.broker().addr);
  });
  afterEach(() => cluster.setAcl(acl));
  afterAll(async () => {
    await connection.close();
    await cluster.stop();
  });

  test.each(['JSON', 'ROCKETMQ'] as const)('a good signature passes, in a header of %s', async (serializeType) => {
    const request = sendRequest({ properties: { KEYS: 'ключ', TAGS: 'é' }, body: 'body ✓' });
    const withMore = { ...request, extFields: { ...request.extFields, unheardOf: 'signed too' } };
    expect((await connection.request({ ...signed(withMore), serializeType })).code).toBe(0);
  });

  test.each([
    ['unsigned', sendRequest(), 'username cannot be null.', 'No accessKey is configured'],
    [
      'signed with another secret',
      signed(sendRequest(), { ...user, secretKey: 'wrong' }),
      'check signature failed.',
      'Check signature failed for accessKey=user',
    ],
    [
      'with a changed body',
      { ...signed(sendRequest()), body: Buffer.from('other') },
      'check signature failed.',
      'Check signature failed',
    ],
    [
      'without its signature',
      without(signed(sendRequest()), 'Signature'),
      'check signature failed.',
      'Check signature failed',
    ],
    [
      'with a field added after signing',
      { ...signed(sendRequest()), extFields: { ...signed(sendRequest()).extFields, zone: 'z' } },
      'check signature failed.',
      'Check signature failed',
    ],
    [
      'of nobody',
      signed(sendRequest(), { ...user, accessKey: 'ghost' }),
      'User:ghost is not found.',
      'No acl config for ghost',
    ],
  ])('a request %s is refused, and the connection goes on', async (_, request, remarkOfV2, textOfV1) => {
    const answer = await connection.request(request);
    expect(answer.code).toBe(code);
    expect(answer.remark).toContain(isV5 ? remarkOfV2 : `org.apache.rocketmq.acl.common.AclException: ${textOfV1}`);
    expect(Object.keys(answer.extFields)).toEqual([]);
    expect((await connection.request(signed(sendRequest()))).code).toBe(0);
  });

  test('a topic without a right is refused, known or not', async () => {
    for (const topic of ['S', 'Other', 'Unknown']) {
      const answer = await connection.request(signed(sendRequest({ topic })));
      expect(answer.code).toBe(code);
      const v2 = `User:user has no permission to access Topic:${topic} from 127.0.0.1, no matched policies.`;
      expect(answer.remark).toContain(isV5 ? v2 : `AclException: No default permission for topic:${topic}`);
    }
  });

  test.each([
    ['a batch', batchRequest([{ UNIQ_KEY: 'a' }], { topic: 'Other' }), 16, 0],
    ['the largest offset', { code: RequestCode.GET_MAX_OFFSET, extFields: { topic: 'T', queueId: '0' } }, 16, 0],
    [
      'a topic to be created',
      { code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields: encodeCreateTopic(topicConfig('New', 1)) },
      16,
      1,
    ],
    ['a topic’s settings', { code: RequestCode.GET_TOPIC_CONFIG, extFields: { topic: 'T' } }, 16, 3],
    ['a recall', { code: RequestCode.RECALL_MESSAGE, extFields: { topic: 'Other' } }, 16, 3],
    ['a heartbeat of a producer', heartbeatRequest('c', { producer: 'PG' }), 0, 0],
    ['a heartbeat of a consumer', heartbeatRequest('c', { consumer: 'CG' }), 16, 1],
    ['an unknown code', { code: 9999 }, 3, 3],
  ])('of a user with PUB on one topic %s is answered %#', async (_, request, codeOfV2, codeOfV1) => {
    expect((await connection.request(signed(request))).code).toBe(isV5 ? codeOfV2 : codeOfV1);
    expect((await connection.request(request)).code).toBe(code);
  });

  test.each([
    ['the real topic', { topic: 'T' }, 0],
    ['the half topic, as Java clients name it in the answer to a check', { topic: 'RMQ_SYS_TRANS_HALF_TOPIC' }, 16],
    ['another topic', { topic: 'Other' }, 16],
  ])('an end of a transaction naming %s needs the right on it on 5.x only', async (_, changes, codeOfV2) => {
    const place = halfPlace(await connection.request(signed(halfRequest('h'))));
    const answer = await connection.request(signed(endRequest(place, COMMIT, changes)));
    expect(answer.code).toBe(isV5 ? codeOfV2 : 0);
  });

  test('an end of a transaction without a topic needs no right', async () => {
    const place = halfPlace(await connection.request(signed(halfRequest('h'))));
    expect((await connection.request(signed(without(endRequest(place, COMMIT), 'topic')))).code).toBe(0);
  });

  test('the mark of a query by id is signed from 5.1.0 on, by clients from 4.9.4 on', async () => {
    expect((await connection.request(query(401))).code).toBe(isV5 ? 22 : 1);
    expect((await connection.request(query(399))).code).toBe(code);
  });

  test('a oneway request that is refused meets silence', async () => {
    const stored = cluster.messages('T').length;
    connection.write({ ...sendRequest(), flag: 2 });
    expect((await connection.request(signed({ code: 9999 }))).code).toBe(3);
    expect(cluster.messages('T')).toHaveLength(stored);
  });

  test('keys are rotated while clients are connected', async () => {
    cluster.setAcl({ users: [{ ...user, secretKey: 'fresh', securityToken: 'token' }] });
    expect((await connection.request(signed(sendRequest()))).code).toBe(code);
    expect((await connection.request(signed(sendRequest(), { ...user, secretKey: 'fresh' }))).code).toBe(code);
    const fresh = { ...user, secretKey: 'fresh', securityToken: 'token' };
    expect((await connection.request(signed(sendRequest(), fresh))).code).toBe(0);
    cluster.setAcl(undefined);
    expect((await connection.request(sendRequest())).code).toBe(0);
  });

  test('a name server checks nothing', async () => {
    await using nameServer = await AdminConnection.open(cluster.nameServer().addr);
    const route = { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields: { topic: 'T', Signature: 'nonsense' } };
    expect((await nameServer.request(route)).code).toBe(0);
  });
});
