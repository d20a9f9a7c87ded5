import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { heartbeatRequest, pullRequest, sendRequest } from '../requests.ts';

const clock = new GivenClock(1_000);
let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 2 }], clock });
  connection = await AdminConnection.open(cluster.broker().addr);
  // Offsets 0 to 3, stored at 1000, 2000, 3000 and 4000; the first is deleted.
  for (let index = 0; index < 4; index++) {
    await connection.request(sendRequest());
    clock.advance(1_000);
  }
  cluster.broker().store.deleteBefore('T', 0, 1);
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

async function ask(code: number, fields: Record<string, string> = {}) {
  const answer = await connection.request({ code, extFields: { topic: 'T', queueId: '0', ...fields } });
  return { code: answer.code, ...answer.extFields };
}

test('a queue has a first and a next offset', async () => {
  expect(await ask(RequestCode.GET_MIN_OFFSET)).toEqual({ code: 0, offset: '1' });
  expect(await ask(RequestCode.GET_MAX_OFFSET)).toEqual({ code: 0, offset: '4' });
  expect(await ask(RequestCode.GET_MAX_OFFSET, { queueId: '1' })).toEqual({ code: 0, offset: '0' });
  expect(await ask(RequestCode.GET_EARLIEST_MSG_STORETIME)).toEqual({ code: 0, timestamp: '2000' });
  expect(await ask(RequestCode.GET_EARLIEST_MSG_STORETIME, { queueId: '1' })).toEqual({ code: 0, timestamp: '-1' });
});

test.each([
  ['2500', undefined, '2'],
  ['3000', undefined, '2'],
  ['0', undefined, '1'],
  ['9000', undefined, '4'],
  ['3500', 'UPPER', '2'],
  ['0', 'UPPER', '1'],
])('the offset at %s (boundary %s) is %s', async (timestamp, boundaryType, offset) => {
  const fields = { timestamp, ...(boundaryType && { boundaryType }) };
  expect(await ask(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, fields)).toEqual({ code: 0, offset });
});

test('a group has the offset it committed, and none before that where a queue has lost its start or is empty', async () => {
  const consumerGroup = 'CG';
  expect(await ask(RequestCode.QUERY_CONSUMER_OFFSET, { consumerGroup })).toEqual({ code: 22 });
  expect(await ask(RequestCode.QUERY_CONSUMER_OFFSET, { consumerGroup, queueId: '1' })).toEqual({ code: 22 });
  await connection.request(pullRequest({ consumerGroup }));
  expect(await ask(RequestCode.UPDATE_CONSUMER_OFFSET, { consumerGroup, commitOffset: '3' })).toEqual({ code: 0 });
  expect(await ask(RequestCode.QUERY_CONSUMER_OFFSET, { consumerGroup })).toEqual({ code: 0, offset: '3' });
});

test('a field that is missing or no number is answered 1, with its name', async () => {
  const answer = await connection.request({
    code: RequestCode.GET_MAX_OFFSET,
    extFields: { topic: 'T', queueId: 'x' },
  });
  expect(answer).toMatchObject({ code: 1, remark: expect.stringContaining('queueId') });
});

test('an offset of a group that never consumed, or of an unknown topic, is not taken on 5.x', async () => {
  const commit = { consumerGroup: 'New', commitOffset: '3' };
  expect(await ask(RequestCode.UPDATE_CONSUMER_OFFSET, commit)).toEqual({ code: 26 });
  await connection.request(heartbeatRequest('client', { consumer: 'New' }));
  expect(await ask(RequestCode.UPDATE_CONSUMER_OFFSET, commit)).toEqual({ code: 0 });
  expect(await ask(RequestCode.UPDATE_CONSUMER_OFFSET, { ...commit, topic: 'Unknown' })).toEqual({ code: 17 });
  await using older = await startEmbeddedCluster({ version: 403 });
  await using toOlder = await AdminConnection.open(older.broker().addr);
  const extFields = { consumerGroup: 'New', topic: 'Unknown', queueId: '0', commitOffset: '3' };
  expect((await toOlder.request({ code: RequestCode.UPDATE_CONSUMER_OFFSET, extFields })).code).toBe(0);
});
