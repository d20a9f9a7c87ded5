import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createClient } from '#rocketmq';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { runJava } from '../../local/real/run-java.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS } from './clusters.ts';

const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';
const TOPIC = 'traced';
const tools = fileURLToPath(new URL('MqAdmin.java', import.meta.url));
const invocation = { remainingMs: () => 10_000 };

test('traces of single and batched messages are found by mqadmin queryMsgTraceById, as soon as the invocation has ended', {
  timeout: CLUSTER_START_LIMIT_MS,
}, async (context) => {
  await needsRealRocketMQ(context);
  await using cluster = await startRealCluster({ version: '5.5.0', brokerConfig: { traceTopicEnable: 'true' } });
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  await admin.createTopic(topicConfig(TOPIC, 2));
  await using ending = new AsyncDisposableStack();
  const client = createClient({ nameServerAddrs });
  ending.defer(() => client.shutdown());
  const producer = client.producer({ group: 'tracer', trace: true });

  const upkeep = await client.beginInvocation(invocation);
  const { msgId } = await producer.send({ topic: TOPIC, body: 'single', tag: 'created', keys: ['order-1'] });
  const outcomes = await producer.sendAll(['b-1', 'b-2'].map((body) => ({ topic: TOPIC, body, keys: [body] })));
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
  const batchIds = outcomes.flatMap((outcome) => (outcome.status === 'stored' ? [outcome.result.msgId] : []));
  expect(batchIds).toHaveLength(2);
  // One message of three records: the broker shows it a moment later.
  expect(await readBack(admin, TRACE_TOPIC, 1)).toHaveLength(1);

  for (const id of [msgId, ...batchIds]) {
    // The index that it asks is built a moment after the store.
    const found = async () => {
      const { stdout, stderr } = await runJava('5.5.0', tools, [
        'queryMsgTraceById',
        '-n',
        nameServerAddrs[0] ?? '',
        '-i',
        id,
      ]);
      return `${stdout}${stderr}`;
    };
    await expect.poll(found, { timeout: 60_000, interval: 500 }).toMatch(/^Pub\s+tracer\s.*success/m);
  }
});
