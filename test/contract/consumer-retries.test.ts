import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import { sendRequest } from '../local/embedded/requests.ts';
import {
  CLUSTER_START_LIMIT_MS,
  type ContractCluster,
  contractKinds,
  freshTopic,
  openContractCluster,
  uniqueName,
} from './clusters.ts';

describe.each(contractKinds)('a message that its consumer could not deal with, on %s', (kind) => {
  let cluster: ContractCluster | undefined;
  let connection: AdminConnection;

  beforeEach(async (context) => {
    if (cluster !== undefined) return;
    cluster = await openContractCluster(kind, context);
    connection = await AdminConnection.open(cluster.brokerAddrs[0] ?? '');
  }, CLUSTER_START_LIMIT_MS);
  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  });

  test.each([
    ['comes again in the retry topic of its group', '1', 0, '%RETRY%'],
    ['is a dead letter of its group when that gives it up', '-1', 0, '%DLQ%'],
    ['is a dead letter of its group after as many tries as that allows', '1', 2, '%DLQ%'],
  ])('%s', async (_, delayLevel, reconsumeTimes, prefix) => {
    if (cluster === undefined) throw new Error('no cluster');
    const { admin } = cluster;
    const topic = await freshTopic(cluster);
    const group = uniqueName('retries');
    const { extFields } = await connection.request(
      sendRequest({ topic, reconsumeTimes, properties: { UNIQ_KEY: 'id' } }),
    );
    const offset = String(BigInt(`0x${extFields.msgId?.slice(-16)}`));
    const header = { group, offset, delayLevel, originTopic: topic, maxReconsumeTimes: '2' };
    const answer = await connection.request({ code: RequestCode.CONSUMER_SEND_MSG_BACK, extFields: header });
    expect(answer.code).toBe(0);
    // A real broker tells the name servers of the new topic a little later.
    const found = () => admin.readAll(`${prefix}${group}`).catch(() => []);
    await expect.poll(found, { timeout: 20_000 }).toHaveLength(1);
    expect(await found()).toMatchObject([
      { reconsumeTimes: reconsumeTimes + 1, properties: { UNIQ_KEY: 'id', RETRY_TOPIC: topic } },
    ]);
  });
});
