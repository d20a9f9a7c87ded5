import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { decodeTopicRouteData } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { batchRequest, heartbeatRequest, pullRequest, sendRequest } from '../requests.ts';
import { COMMIT, checkedPlace, endRequest, halfPlace, halfRequest } from '../transaction-requests.ts';

const clock = new GivenClock();
let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  const brokers = [{ name: 'a' }, { name: 'b' }, { name: 'b', slave: true }];
  const topics = [{ name: 'T', queues: 2, orderTopicConf: 'a:2' }];
  cluster = await startEmbeddedCluster({ brokers, topics, proxy: true, recallMessageEnable: true, clock });
  const typed = { 'Typed-DELAY': 'DELAY', 'Typed-FIFO': 'FIFO', 'Typed-TRANSACTION': 'TRANSACTION', Mixed: 'MIXED' };
  for (const [name, type] of Object.entries(typed)) {
    const config = topicConfig(name, 2, { attributes: { 'message.type': type } });
    for (const { topics } of cluster.brokers) topics.put(config);
  }
  connection = await AdminConnection.open(cluster.proxyRemotingAddr ?? '');
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

const route = (topic: string, version?: number) =>
  connection.request({
    code: RequestCode.GET_ROUTEINFO_BY_TOPIC,
    extFields: { topic },
    ...(version !== undefined && { version }),
  });

test('routes name every broker at the address of the proxy, and no order', async () => {
  const answer = await route('T');
  const addr = cluster.proxyRemotingAddr;
  const { brokerDatas, queueDatas, orderTopicConf } = decodeTopicRouteData(answer.body);
  expect(brokerDatas.map(({ brokerName, brokerAddrs }) => [brokerName, brokerAddrs])).toEqual([
    ['a', { 0: addr }],
    ['b', { 0: addr, 1: addr }],
  ]);
  expect(queueDatas).toHaveLength(2);
  expect(orderTopicConf).toBeUndefined();
  expect(answer.extFields).toMatchObject({ MSG_REGION: '', TRACE_ON: 'false' });
  expect(Buffer.from((await route('T', 400)).body).toString()).toContain('{0:"127');
  expect((await route('Unknown')).code).toBe(17);
});

test.each([
  ['a message', sendRequest({ brokerName: 'b' })],
  ['a message with long names', sendRequest({ code: RequestCode.SEND_MESSAGE, brokerName: 'b' })],
  ['a batch', batchRequest([{ UNIQ_KEY: 'x' }], { brokerName: 'b' })],
])('%s goes to the broker it names, and its answer has the fields of the proxy', async (_, request) => {
  const before = cluster.broker('b').messages('T').length;
  const answer = await connection.request(request);
  expect(answer.code).toBe(0);
  expect(answer.extFields).toMatchObject({ queueId: '0', MSG_REGION: '', TRACE_ON: 'false' });
  expect(cluster.broker('b').messages('T')).toHaveLength(before + 1);
});

test.each([
  ['a message', sendRequest()],
  ['a message with long names', sendRequest({ code: RequestCode.SEND_MESSAGE })],
  ['a pull', pullRequest()],
  ['an offset', { code: RequestCode.GET_MAX_OFFSET, extFields: { topic: 'T', queueId: '0' } }],
])('%s that names no broker is answered 15', async (_, request) => {
  expect(await connection.request(request)).toMatchObject({ code: 15, remark: "Request doesn't have field bname" });
});

test('a broker it does not know is met with silence', async () => {
  const opaque = connection.write(sendRequest({ brokerName: 'nobody' }));
  expect((await connection.request(sendRequest({ brokerName: 'a' }))).opaque).toBe(opaque + 1);
});

test.each([
  ['Unknown', {}, 'the expected type is UNSPECIFIED, but actual type is NORMAL'],
  ['T', { DELAY: '1' }, 'the expected type is NORMAL, but actual type is DELAY'],
  ['T', { TIMER_DELAY_MS: '1' }, 'the expected type is NORMAL, but actual type is DELAY'],
  ['T', { __SHARDINGKEY: 'k' }, 'the expected type is NORMAL, but actual type is FIFO'],
  ['T', { TRAN_MSG: 'true' }, 'the expected type is NORMAL, but actual type is TRANSACTION'],
  ['Typed-DELAY', {}, 'the expected type is DELAY, but actual type is NORMAL'],
])('to topic %s a message with %o is of the wrong type', async (topic, properties, text) => {
  const answer = await connection.request(sendRequest({ topic, properties: { ...properties }, brokerName: 'a' }));
  expect(answer.code).toBe(13);
  expect(answer.remark).toContain(text);
});

test.each([
  ['Typed-DELAY', { DELAY: '1' }],
  ['Typed-FIFO', { __SHARDINGKEY: 'k' }],
  ['Mixed', { DELAY: '1' }],
  ['Mixed', {}],
])('to topic %s a message with %o is of the right type', async (topic, properties) => {
  const request = sendRequest({ topic, properties: { ...properties }, brokerName: 'a' });
  expect((await connection.request(request)).code).toBe(0);
});

test('a timer message can be recalled', async () => {
  const properties = { UNIQ_KEY: 'id', TIMER_DELAY_MS: '60000' };
  const sent = await connection.request(sendRequest({ topic: 'Typed-DELAY', properties, brokerName: 'a' }));
  const extFields = { topic: 'Typed-DELAY', recallHandle: sent.extFields.recallHandle ?? '', bname: 'a' };
  expect((await connection.request({ code: RequestCode.RECALL_MESSAGE, extFields })).code).toBe(0);
});

test.each([12, 17, 32, 33, 101, 106, 324, 325, 351, 9999])('code %i is unknown to it', async (code) => {
  expect((await connection.request({ code })).code).toBe(3);
});

test('a heartbeat is answered without a word of its second version', async () => {
  const answer = await connection.request(heartbeatRequest('c', { producer: 'PG' }));
  expect(answer.code).toBe(0);
  expect(Object.keys(answer.extFields)).toEqual(['MSG_REGION', 'TRACE_ON']);
  const extFields = { clientID: 'c', producerGroup: 'PG' };
  expect((await connection.request({ code: RequestCode.UNREGISTER_CLIENT, extFields })).code).toBe(0);
  expect(cluster.broker('a').producers.clients('PG')).toEqual([]);
});

test('the first end of a transaction is answered 0 and dropped; the answer to the check delivers', async () => {
  const topic = 'Typed-TRANSACTION';
  const delivered = () => cluster.messages(topic).length;
  await using producer = await AdminConnection.open(cluster.proxyRemotingAddr ?? '');
  await producer.request(heartbeatRequest('tx', { producer: 'PG' }));
  const half = halfRequest('h', { topic, brokerName: 'b', bornTimestamp: clock.now() });
  const place = halfPlace(await producer.request(half));
  const changes = { topic, bname: 'b', transactionId: 'h' };
  expect((await producer.request(endRequest(place, COMMIT, changes))).code).toBe(0);
  expect(delivered()).toBe(0);
  clock.advance(30_000);
  expect(cluster.broker('b').checkTransactions()).toMatchObject({ asked: 1 });
  const check = await producer.nextPush();
  expect(check).toMatchObject({ code: RequestCode.CHECK_TRANSACTION_STATE, flag: 0 });
  expect(check.extFields).toMatchObject({ topic, msgId: 'h', transactionId: 'h' });
  expect(Object.keys(check.extFields)).not.toContain('bname');
  expect(Object.keys(check.extFields)).not.toContain('offsetMsgId');
  const answer = endRequest(checkedPlace(check), COMMIT, { ...changes, fromTransactionCheck: 'true' });
  expect((await producer.request(answer)).code).toBe(0);
  expect(delivered()).toBe(1);
  await producer.close();
  await expect.poll(() => cluster.broker('b').producers.clients('PG')).toEqual([]);
});
