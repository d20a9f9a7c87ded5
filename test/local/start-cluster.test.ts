import { expect, type TestContext, test } from 'vitest';
import { ResponseCode } from '../../functions/rocketmq/protocol/response-code.ts';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import type { ClusterHandle } from '../../local/cluster-handle.ts';
import { startCluster } from '../../local/start-cluster.ts';
import { sendRequest } from './embedded/requests.ts';
import { needsRealRocketMQ } from './real/needs-real-rocketmq.ts';

const ROUNDS = 5;
const SENDS = 40;

async function readsBackWhatItStored(kind: ClusterHandle['kind'], context: TestContext): Promise<void> {
  if (kind !== 'embedded') await needsRealRocketMQ(context);
  // One Java broker is enough to keep a small machine busy.
  const size = kind === 'embedded' ? 2 : 1;
  await using cluster = await startCluster(kind, { masters: size, nameServers: size });
  expect([cluster.kind, cluster.nameServerAddrs.length, cluster.brokerAddrs.length]).toEqual([kind, size, size]);
  await using admin = new AdminClient(cluster);
  await admin.createTopic(topicConfig('T', 4));
  await using connection = await AdminConnection.open(cluster.brokerAddrs[0] ?? '');
  let accepted = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const sends = Array.from({ length: SENDS }, (_, index) => connection.request(sendRequest({ queueId: index % 4 })));
    const codes = (await Promise.all(sends)).map(({ code }) => code);
    // A Java broker that has only just started may be too busy for some of them, and then has not stored those.
    expect(codes.filter((code) => code !== ResponseCode.SUCCESS && code !== ResponseCode.SYSTEM_BUSY)).toEqual([]);
    accepted += codes.filter((code) => code === ResponseCode.SUCCESS).length;
    // At once after the last answer, when a real broker may not show the message yet.
    expect(await admin.readAll('T')).toHaveLength(accepted);
  }
  expect(accepted).toBeGreaterThan(0);
}

test.for(['embedded', '5.5.0', '4.9.5'] as const)(
  'a cluster of kind %s can be sent to, and everything stored is read back',
  { timeout: 300_000 },
  readsBackWhatItStored,
);
