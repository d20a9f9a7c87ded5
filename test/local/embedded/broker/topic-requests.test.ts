import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { encodeCreateTopic, topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';

let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  cluster = await startEmbeddedCluster();
  connection = await AdminConnection.open(cluster.broker().addr);
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

const create = (extFields: ReturnType<typeof encodeCreateTopic>) =>
  connection.request({ code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields });

async function configOf(topic: string) {
  const answer = await connection.request({ code: RequestCode.GET_TOPIC_CONFIG, extFields: { topic } });
  return answer.code === 0 ? JSON.parse(Buffer.from(answer.body).toString()) : answer.code;
}

test('a topic is created, and changed by being created again', async () => {
  await create(
    encodeCreateTopic(topicConfig('T', 2, { attributes: { 'message.type': 'DELAY', 'reserve.time': '5' } })),
  );
  const more = {
    ...encodeCreateTopic(topicConfig('T', 8, { perm: 4, order: true })),
    attributes: '+message.type=FIFO,-reserve.time',
  };
  expect((await create(more)).code).toBe(0);
  expect(await configOf('T')).toMatchObject({
    topicName: 'T',
    readQueueNums: 8,
    writeQueueNums: 8,
    perm: 4,
    order: true,
    attributes: { 'message.type': 'FIFO' },
  });
  expect(cluster.nameServer().routeOf('T')?.queueDatas).toMatchObject([{ perm: 4, readQueueNums: 8 }]);
});

test('what is not there is code 17', async () => {
  expect(await configOf('Unknown')).toBe(17);
});

test.each(['TBW102', 'rmq_sys_wheel_timer', 'broker-a', 'DefaultCluster', 'DefaultCluster_REPLY_TOPIC', 'a b', ''])(
  'the name "%s" is refused',
  async (topic) => {
    const answer = await create({ ...encodeCreateTopic(topicConfig('x', 1)), topic });
    expect(answer.code).toBe(29);
  },
);

test.each([
  ['+message.type=delay', 1, 'value is not in set'],
  ['+message.type=MIXED', 29, 'MIXED message type is not supported.'],
  ['+colour=blue', 1, 'unsupported key: colour'],
  ['+reserve.time=soon', 1, 'For input string: "soon"'],
  ['message.type=DELAY', 1, 'add/alter attribute format is wrong: message.type'],
  ['message.type', 1, 'delete attribute format is wrong: message.type'],
  ['-message.type', 1, 'only add attribute is supported while creating topic. key: message.type'],
  ['+message.type=FIFO,+message.type=DELAY', 1, 'key duplication: +message.type'],
])('a topic is not created with the attributes %s', async (attributes, code, remark) => {
  const answer = await create({ ...encodeCreateTopic(topicConfig('Refused', 1)), attributes });
  expect(answer).toMatchObject({ code, remark: expect.stringContaining(remark) });
  expect(await configOf('Refused')).toBe(17);
});

test('an attribute that a topic does not have cannot be taken from it, nor a fixed one changed', async () => {
  await create(encodeCreateTopic(topicConfig('Plain', 1, { attributes: { 'queue.type': 'SimpleCQ' } })));
  for (const attributes of ['-message.type', '+queue.type=BatchCQ', '-queue.type']) {
    expect((await create({ ...encodeCreateTopic(topicConfig('Plain', 1)), attributes })).code).toBe(1);
  }
});

test('a request without a filter type is refused', async () => {
  const answer = await create({ ...encodeCreateTopic(topicConfig('NoType', 1)), topicFilterType: undefined });
  expect(answer).toMatchObject({ code: 1, remark: expect.stringContaining('topicFilterType = [null]') });
});
