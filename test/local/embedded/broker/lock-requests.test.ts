import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';

test('a queue is locked by one consumer of a group, until it gives it back or is silent for a minute', async () => {
  const clock = new GivenClock();
  await using cluster = await startEmbeddedCluster({ clock, topics: [{ name: 'T', queues: 2 }] });
  await using connection = await AdminConnection.open(cluster.broker().addr);
  const request = (code: number, clientId: string, queueIds: number[], consumerGroup = 'CG') => {
    const mqSet = queueIds.map((queueId) => ({ topic: 'T', brokerName: 'broker-a', queueId }));
    return connection.request({ code, body: Buffer.from(JSON.stringify({ consumerGroup, clientId, mqSet })) });
  };
  const lock = async (...args: [clientId: string, queueIds: number[], group?: string]) => {
    const { body } = await request(RequestCode.LOCK_BATCH_MQ, ...args);
    const { lockOKMQSet } = JSON.parse(Buffer.from(body).toString()) as { lockOKMQSet: { queueId: number }[] };
    return lockOKMQSet.map(({ queueId }) => queueId);
  };
  expect(await lock('one', [0])).toEqual([0]);
  expect(await lock('two', [0, 1])).toEqual([1]);
  expect(await lock('two', [0], 'other group')).toEqual([0]);
  expect((await request(RequestCode.UNLOCK_BATCH_MQ, 'one', [0])).code).toBe(0);
  expect(await lock('two', [0])).toEqual([0]);
  expect((await request(RequestCode.UNLOCK_BATCH_MQ, 'one', [0])).code).toBe(0);
  clock.advance(59_999);
  expect(await lock('one', [0])).toEqual([]);
  clock.advance(1);
  expect(await lock('one', [0])).toEqual([0]);
  expect((await connection.request({ code: RequestCode.LOCK_BATCH_MQ, body: Buffer.from('{}') })).code).toBe(1);
});
