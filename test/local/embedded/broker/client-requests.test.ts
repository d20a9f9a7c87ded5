import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { heartbeatRequest } from '../requests.ts';

let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
});
afterAll(() => cluster.stop());

const open = () => AdminConnection.open(cluster.broker().addr);
const producers = (group: string) =>
  cluster
    .broker()
    .producers.clients(group)
    .map(({ clientId }) => clientId);
const unregister = (extFields: Record<string, string>) => ({ code: RequestCode.UNREGISTER_CLIENT, extFields });

test('a heartbeat registers a producer on its connection, until that is closed', async () => {
  const connection = await open();
  await connection.request(heartbeatRequest('c1', { producer: 'PG' }));
  await using other = await open();
  await other.request(heartbeatRequest('c1', { producer: 'PG' }));
  expect(producers('PG')).toEqual(['c1', 'c1']);
  await connection.close();
  await expect.poll(() => producers('PG')).toEqual(['c1']);
});

test('unregistering ends the registration of that connection only, and needs none to be there', async () => {
  await using first = await open();
  await using second = await open();
  for (const connection of [first, second]) await connection.request(heartbeatRequest('c2', { producer: 'PG2' }));
  const request = unregister({ clientID: 'c2', producerGroup: 'PG2' });
  expect((await first.request(request)).code).toBe(0);
  expect((await first.request(request)).code).toBe(0);
  expect(producers('PG2')).toEqual(['c2']);
});

test('consumers of a group are listed, told of one another, and have a retry topic', async () => {
  await using first = await open();
  await using second = await open();
  await first.request(heartbeatRequest('one', { consumer: 'CG' }));
  expect((await first.nextPush()).extFields).toMatchObject({ consumerGroup: 'CG' });
  await second.request(heartbeatRequest('two', { consumer: 'CG' }));
  const push = await first.nextPush();
  expect(push).toMatchObject({ code: RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, flag: 2 });
  const list = { code: RequestCode.GET_CONSUMER_LIST_BY_GROUP, extFields: { consumerGroup: 'CG' } };
  const idsOf = async () => JSON.parse(Buffer.from((await first.request(list)).body).toString()).consumerIdList;
  expect(await idsOf()).toEqual(['one', 'two']);
  await second.request(unregister({ clientID: 'two', consumerGroup: 'CG' }));
  await first.nextPush();
  expect(await idsOf()).toEqual(['one']);
  expect(cluster.nameServer().routeOf('%RETRY%CG')).toBeDefined();
});

test.each([
  ['no body', undefined],
  ['a body that is not JSON', Buffer.from('{')],
  ['no client id', Buffer.from('{"producerDataSet":[]}')],
])('a heartbeat with %s is answered 1', async (_, body) => {
  await using connection = await open();
  const answer = await connection.request({ code: RequestCode.HEART_BEAT, ...(body && { body }) });
  expect(answer.code).toBe(1);
});

test('brokers before 5.1.3 do not speak of the second version of heartbeats', async () => {
  await using connection = await open();
  const namesOf = async (version: number) => {
    cluster.broker().version = version;
    return Object.keys((await connection.request(heartbeatRequest('c', {}))).extFields);
  };
  expect(await namesOf(437)).toEqual([]);
  expect(await namesOf(439)).toEqual(['IS_SUPPORT_HEART_BEAT_V2', 'IS_SUB_CHANGE']);
});
