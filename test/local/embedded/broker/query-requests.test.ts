import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeStoredMessages } from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { sendRequest } from '../requests.ts';

const clock = new GivenClock(1_000);
let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 2 }], clock });
  connection = await AdminConnection.open(cluster.broker().addr);
  for (const [body, UNIQ_KEY, KEYS] of [
    ['one', 'id1', 'k1 k2'],
    ['two', 'id2', 'k2'],
    ['again', 'id1', 'k1'],
  ]) {
    await connection.request(
      sendRequest({ body: body ?? '', properties: { UNIQ_KEY: UNIQ_KEY ?? '', KEYS: KEYS ?? '' } }),
    );
    clock.advance(1_000);
  }
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

async function query(key: string, fields: Record<string, string> = {}) {
  const extFields = { topic: 'T', key, maxNum: '32', beginTimestamp: '0', endTimestamp: '9999', ...fields };
  const answer = await connection.request({ code: RequestCode.QUERY_MESSAGE, extFields });
  return { code: answer.code, bodies: bodiesOf(answer.body) };
}

function bodiesOf(body: Uint8Array): string[] {
  return decodeStoredMessages(Buffer.from(body)).map((message) => message.body.toString());
}

const BY_ID = { _UNIQUE_KEY_QUERY: 'true' };

test('messages are found by their id, every one that has it, also among its keys', async () => {
  expect(await query('id1', BY_ID)).toEqual({ code: 0, bodies: ['one', 'again'] });
  expect(await query('id1', { ...BY_ID, maxNum: '1' })).toMatchObject({ bodies: ['one', 'again'] });
  expect(await query('k1', { ...BY_ID, maxNum: '1' })).toEqual({ code: 0, bodies: ['one', 'again'] });
  expect(await query('id3', BY_ID)).toEqual({ code: 22, bodies: [] });
});

test('messages are found by each word of their keys, the newest as many as asked for', async () => {
  expect(await query('k2')).toEqual({ code: 0, bodies: ['one', 'two'] });
  expect(await query('k2', { maxNum: '1' })).toMatchObject({ bodies: ['two'] });
  expect(await query('k1 k2')).toMatchObject({ code: 22 });
  expect(await query('k2', { topic: 'Other' })).toMatchObject({ code: 22 });
});

test('none is found where none is asked for, and 64 at most', async () => {
  expect(await query('k2', { maxNum: '0' })).toMatchObject({ code: 22 });
  for (let index = 0; index < 70; index++) {
    await connection.request(sendRequest({ queueId: 1, body: String(index), properties: { KEYS: 'many' } }));
  }
  const { bodies } = await query('many', { maxNum: '1000', endTimestamp: '99999' });
  expect(bodies).toHaveLength(64);
  expect(bodies.at(-1)).toBe('69');
});

test('only messages stored in the asked time are found', async () => {
  expect(await query('k1', { beginTimestamp: '1001' })).toMatchObject({ bodies: ['again'] });
  expect(await query('k1', { endTimestamp: '1000' })).toMatchObject({ bodies: ['one'] });
});

test('without an index nothing is found', async () => {
  await using unindexed = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }], messageIndexEnable: false });
  await using to = await AdminConnection.open(unindexed.broker().addr);
  await to.request(sendRequest({ body: 'one', properties: { UNIQ_KEY: 'id1' } }));
  const extFields = { topic: 'T', key: 'id1', maxNum: '32', beginTimestamp: '0', endTimestamp: '9223372036854775807' };
  expect(await to.request({ code: RequestCode.QUERY_MESSAGE, extFields })).toMatchObject({
    code: 22,
    extFields: { indexLastUpdateTimestamp: '0', indexLastUpdatePhyoffset: '0' },
  });
});

test('a message is found by its place in the commit log', async () => {
  const second = cluster.messages('T')[1]?.commitLogOffset ?? 0n;
  const at = (offset: bigint) =>
    connection.request({ code: RequestCode.VIEW_MESSAGE_BY_ID, extFields: { offset: String(offset) } });
  expect(bodiesOf((await at(second)).body)).toEqual(['two']);
  expect(await at(second + 1n)).toMatchObject({ code: 1, remark: expect.stringContaining('can not find message') });
});
