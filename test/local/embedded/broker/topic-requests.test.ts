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
  await create(encodeCreateTopic(topicConfig('T', 2, { attributes: { 'message.type': 'DELAY', other: 'x' } })));
  const more = { ...encodeCreateTopic(topicConfig('T', 8, { perm: 4, order: true })), attributes: '+a=b,-other' };
  expect((await create(more)).code).toBe(0);
  expect(await configOf('T')).toMatchObject({
    topicName: 'T',
    readQueueNums: 8,
    writeQueueNums: 8,
    perm: 4,
    order: true,
    attributes: { 'message.type': 'DELAY', a: 'b' },
  });
  expect(cluster.nameServer().routeOf('T')?.queueDatas).toMatchObject([{ perm: 4, readQueueNums: 8 }]);
});

test('what is not there is code 17', async () => {
  expect(await configOf('Unknown')).toBe(17);
});

test.each(['TBW102', 'rmq_sys_wheel_timer', 'a b', ''])('the name "%s" is refused', async (topic) => {
  const answer = await create({ ...encodeCreateTopic(topicConfig('x', 1)), topic });
  expect(answer.code).toBe(29);
});
