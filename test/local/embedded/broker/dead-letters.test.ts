import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { sendRequest } from '../requests.ts';

describe.each([{ version: 513 }, { version: 403 }])('a broker of version $version', ({ version }) => {
  const isV5 = version === 513;
  let cluster: EmbeddedCluster;
  let connection: AdminConnection;

  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ version });
    connection = await AdminConnection.open(cluster.broker().addr);
  });
  afterAll(async () => {
    await connection.close();
    await cluster.stop();
  });

  /** The topic that a message of a group landed in after so many tries. */
  async function landedIn(group: string, reconsumeTimes: number, maxReconsumeTimes: number | undefined) {
    const UNIQ_KEY = `${group}-${reconsumeTimes}-${maxReconsumeTimes}`;
    const topic = `%RETRY%${group}`;
    const request = sendRequest({ topic, reconsumeTimes, maxReconsumeTimes, properties: { UNIQ_KEY } });
    expect((await connection.request(request)).code).toBe(0);
    const topics = [topic, `%DLQ%${group}`];
    return topics.find((name) => cluster.messages(name).some(({ properties }) => properties.UNIQ_KEY === UNIQ_KEY));
  }

  // 5.x counts the tries after the first delivery, 4.9 all of them.
  test.each([
    [undefined, isV5 ? 16 : 15],
    [2, isV5 ? 2 : 1],
  ])('a message that may be tried again %s times is a dead letter after %i', async (max, last) => {
    expect(await landedIn('G', last, max)).toBe('%RETRY%G');
    expect(await landedIn('G', last + 1, max)).toBe('%DLQ%G');
    expect(cluster.nameServer().routeOf('%DLQ%G')?.queueDatas).toMatchObject([{ perm: 6, writeQueueNums: 1 }]);
  });

  test('a dead letter waits for no delay on 5.x', async () => {
    const properties = { UNIQ_KEY: 'late', DELAY: '18' };
    await connection.request(sendRequest({ topic: '%RETRY%Late', reconsumeTimes: 17, properties }));
    const found = cluster.messages('%DLQ%Late').map((message) => message.properties);
    expect(found).toMatchObject(isV5 ? [{ UNIQ_KEY: 'late', DELAY: '-1' }] : []);
  });

  test('what a group that consumes in order gives up is a dead letter at once, on 5.x', async () => {
    const request = { consumerGroup: 'Orderly', clientId: 'c', mqSet: [{ topic: 'T', brokerName: 'b', queueId: 0 }] };
    const body = Buffer.from(JSON.stringify(request));
    await connection.request({ code: RequestCode.LOCK_BATCH_MQ, body });
    expect(await landedIn('Orderly', 1, 5)).toBe(isV5 ? '%DLQ%Orderly' : '%RETRY%Orderly');
    await connection.request({ code: RequestCode.UNLOCK_BATCH_MQ, body });
    expect(await landedIn('Orderly', 2, 5)).toBe('%RETRY%Orderly');
  });
});
