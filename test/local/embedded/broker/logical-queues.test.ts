import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeTopicRouteData } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { batchRequest, pullRequest, sendRequest } from '../requests.ts';

let cluster: EmbeddedCluster;
let a: AdminConnection;
let b: AdminConnection;

beforeAll(async () => {
  // Logical queues 0 and 2 are on a, 1 is on b.
  const staticQueues = [
    { broker: 'a', queueId: 1 },
    { broker: 'b', queueId: 0 },
    { broker: 'a', queueId: 0 },
  ];
  const brokers = [{ name: 'a' }, { name: 'b' }, { name: 'b', slave: true }];
  cluster = await startEmbeddedCluster({ brokers, topics: [{ name: 'T', queues: 2, staticQueues }] });
  a = await AdminConnection.open(cluster.broker('a').addr);
  b = await AdminConnection.open(cluster.broker('b').addr);
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  await cluster.stop();
});

const notLeader = (queueId: number, broker: string) => ({
  code: 501,
  remark: `T-${queueId} does not exit in request process of current broker ${broker}`,
});
const maxOffset = (queueId: number, more = {}) => ({
  code: RequestCode.GET_MAX_OFFSET,
  extFields: { topic: 'T', queueId: String(queueId), ...more },
});

test('routes say which logical queue is which queue of a broker', async () => {
  await using nameServer = await AdminConnection.open(cluster.nameServer().addr);
  const code = RequestCode.GET_ROUTEINFO_BY_TOPIC;
  const { body } = await nameServer.request({ code, extFields: { topic: 'T' } });
  const common = { topic: 'T', scope: '__global__', totalQueues: 3, epoch: 1 };
  expect(decodeTopicRouteData(body).topicQueueMappingByBroker).toEqual({
    a: { ...common, bname: 'a', currIdMap: { 0: 1, 2: 0 } },
    b: { ...common, bname: 'b', currIdMap: { 1: 0 } },
  });
});

test.each([
  ['a message', sendRequest({ queueId: 0 })],
  ['a message with long names', sendRequest({ code: RequestCode.SEND_MESSAGE, queueId: 0 })],
  ['a batch', batchRequest([{ UNIQ_KEY: 'x' }], { queueId: 0 })],
])('%s goes to the queue behind the logical one, and the answer names the logical one', async (_, request) => {
  const stored = () =>
    cluster
      .broker('a')
      .messages('T')
      .filter(({ queueId }) => queueId === 1).length;
  const before = stored();
  expect((await a.request(request)).extFields).toMatchObject({ queueId: '0', queueOffset: String(before) });
  expect(stored()).toBe(before + 1);
  expect(await b.request(request)).toMatchObject(notLeader(0, 'b'));
});

test('what is sent to a logical queue is read from it', async () => {
  await b.request(sendRequest({ queueId: 1, body: 'to b' }));
  expect((await b.request(pullRequest({ queueId: 1 }))).code).toBe(0);
  expect((await b.request(maxOffset(1))).extFields.offset).toBe('1');
  expect((await a.request(pullRequest({ queueId: 1 }))).code).toBe(501);
  expect((await a.request(maxOffset(1))).code).toBe(501);
});

test('a request that a broker passed on names a queue of its own', async () => {
  expect((await b.request(maxOffset(0, { lo: 'false' }))).code).toBe(0);
});

test('the choice left to the broker falls on a logical queue it has', async () => {
  expect((await b.request(sendRequest({ queueId: -1 }))).extFields.queueId).toBe('1');
});

test('a queue that moved is refused at its old place, and served at its new one', async () => {
  const places = [0, 1].map((queueId) => ({ broker: 'b', queueId }));
  cluster.moveStaticQueues('T', [...places, { broker: 'a', queueId: 0 }]);
  expect(await a.request(sendRequest({ queueId: 0 }))).toMatchObject(notLeader(0, 'a'));
  expect((await b.request(sendRequest({ queueId: 0 }))).code).toBe(0);
  expect(cluster.nameServer().routeOf('T')?.topicQueueMappingByBroker?.b).toMatchObject({ epoch: 2 });
});
