import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PullMessageHeader } from '../../../../functions/rocketmq/protocol/pull-message-header.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeStoredMessages } from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { heartbeatRequest, pullRequest, sendRequest } from '../requests.ts';

let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  const topics = [
    { name: 'T', queues: 16 },
    { name: 'Closed', queues: 1, perm: 2 },
  ];
  cluster = await startEmbeddedCluster({ topics });
  connection = await AdminConnection.open(cluster.broker().addr);
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

async function pull(fields: Partial<PullMessageHeader>) {
  const { code, remark, extFields, body } = await connection.request(pullRequest(fields));
  const bodies = decodeStoredMessages(Buffer.from(body)).map((message) => message.body.toString());
  const { nextBeginOffset, minOffset, maxOffset } = extFields;
  return { code, remark, bodies, offsets: [nextBeginOffset, minOffset, maxOffset].map(Number) };
}

async function fill(queueId: number, count: number, bodyBytes = 1): Promise<void> {
  for (let index = 0; index < count; index++) {
    const body = String(index).padEnd(bodyBytes, ' ');
    const answer = await connection.request(
      sendRequest({ queueId, body, properties: { TAGS: index % 2 ? 'B' : 'A' } }),
    );
    expect(answer.code).toBe(0);
  }
}

test('at most 32 messages come in one answer, and it says where to go on', async () => {
  await fill(0, 40);
  const first = await pull({ maxMsgNums: 100 });
  expect(first).toMatchObject({ code: 0, remark: 'FOUND', offsets: [32, 0, 40] });
  expect(first.bodies).toHaveLength(32);
  expect(await pull({ queueOffset: 32n, maxMsgNums: 3 })).toMatchObject({
    bodies: ['32', '33', '34'],
    offsets: [35, 0, 40],
  });
});

test('at most 256 KiB come in one answer, but always one message', async () => {
  await fill(1, 4, 100_000);
  expect((await pull({ queueId: 1 })).bodies).toHaveLength(2);
  await connection.request(sendRequest({ queueId: 2, body: Buffer.alloc(1_000_000) }));
  expect((await pull({ queueId: 2 })).bodies).toHaveLength(1);
});

test('an offset outside the queue is answered with one inside', async () => {
  await fill(3, 5);
  expect(await pull({ queueId: 3, queueOffset: 5n })).toMatchObject({ code: 19, offsets: [5, 0, 5] });
  expect(await pull({ queueId: 3, queueOffset: 9n })).toMatchObject({ code: 21, offsets: [5, 0, 5] });
  cluster.broker().store.deleteBefore('T', 3, 2);
  expect(await pull({ queueId: 3 })).toMatchObject({ code: 21, remark: 'OFFSET_TOO_SMALL', offsets: [2, 2, 5] });
  expect(await pull({ queueId: 3, queueOffset: 2n })).toMatchObject({ code: 0, bodies: ['2', '3', '4'] });
});

test('a queue without messages has nothing at 0, and no other offset', async () => {
  expect(await pull({ queueId: 4 })).toMatchObject({ code: 19, offsets: [0, 0, 0] });
  expect(await pull({ queueId: 4, queueOffset: 3n })).toMatchObject({ code: 21, offsets: [0, 0, 0] });
});

test('only messages with one of the tags come; none of them is code 20, past what was looked at', async () => {
  await fill(5, 4);
  expect(await pull({ queueId: 5, subscription: 'B' })).toMatchObject({ bodies: ['1', '3'], offsets: [4, 0, 4] });
  expect(await pull({ queueId: 5, subscription: 'A || B' })).toMatchObject({ bodies: ['0', '1', '2', '3'] });
  expect(await pull({ queueId: 5, subscription: 'C' })).toMatchObject({ code: 20, bodies: [], offsets: [4, 0, 4] });
});

test('a blank between two separators is no tag', async () => {
  await connection.request(sendRequest({ queueId: 12, body: 'untagged' }));
  expect(await pull({ queueId: 12, subscription: 'A || ' })).toMatchObject({ code: 20 });
});

test('a consumer that sends no subscription is held to the one of its heartbeat', async () => {
  await connection.request(sendRequest({ queueId: 6, body: 'other', properties: { TAGS: 'C' } }));
  await fill(6, 1);
  expect((await pull({ queueId: 6, sysFlag: 0, consumerGroup: 'new' })).code).toBe(24);
  await connection.request(heartbeatRequest('client', { consumer: 'CG_tags' }));
  expect(await pull({ queueId: 6, sysFlag: 0, consumerGroup: 'CG_tags' })).toMatchObject({ bodies: ['0'] });
});

test('a held pull is answered by the next message of its queue, and holds up nothing else', async () => {
  const held = pull({ queueId: 7, sysFlag: 6, suspendTimeoutMs: 30_000 });
  await fill(8, 1);
  expect(await pull({ queueId: 8 })).toMatchObject({ code: 0 });
  await fill(7, 1);
  expect(await held).toMatchObject({ code: 0, bodies: ['0'] });
});

test('a held pull that nothing comes for is answered 19 at the end of its time', async () => {
  expect(await pull({ queueId: 9, sysFlag: 6, suspendTimeoutMs: 5 })).toMatchObject({ code: 19 });
});

test('a held pull passes over messages of other tags, and goes on waiting from the same offset', async () => {
  const held = pull({ queueId: 10, sysFlag: 6, suspendTimeoutMs: 30_000, subscription: 'B' });
  await fill(10, 1);
  expect(await held).toMatchObject({ code: 20, offsets: [1, 0, 1] });
});

test('the offset that a pull commits can be asked for', async () => {
  await pull({ queueId: 11, sysFlag: 5, commitOffset: 3n, consumerGroup: 'CG_commit' });
  const extFields = { consumerGroup: 'CG_commit', topic: 'T', queueId: '11' };
  const answer = await connection.request({ code: RequestCode.QUERY_CONSUMER_OFFSET, extFields });
  expect(answer.extFields.offset).toBe('3');
});

test.each([
  [{ topic: 'Unknown' }, 17],
  [{ topic: 'Closed' }, 16],
  [{ queueId: 16 }, 29],
  [{ queueId: -1 }, 29],
  [{ subscription: '||' }, 23],
  [{ consumerGroup: 'a b' }, 26],
])('a pull with %o is refused with %i', async (fields, code) => {
  expect((await pull(fields)).code).toBe(code);
});

test('a filter by SQL is refused, as brokers do as they come', async () => {
  const { code, extFields } = pullRequest();
  const answer = await connection.request({ code, extFields: { ...extFields, expressionType: 'SQL92' } });
  expect(answer).toMatchObject({ code: 1, remark: expect.stringContaining('SQL92') });
});
