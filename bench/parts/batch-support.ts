import { createClient } from '#rocketmq';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';

/** Whether `sendAll` sends batches, as a broker sees it. */
export async function hasBatchSends(): Promise<boolean> {
  const topic = 'probe';
  await using cluster = await startEmbeddedCluster({ topics: [{ name: topic, queues: 1 }] });
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  try {
    await client.producer({ group: 'bench-probe' }).sendAll(Array.from({ length: 32 }, () => ({ topic, body: 'x' })));
    return cluster.broker().requests.count(RequestCode.SEND_BATCH_MESSAGE) > 0;
  } finally {
    await client.shutdown();
  }
}
