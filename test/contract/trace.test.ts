import { Buffer } from 'node:buffer';
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
const traces = fileURLToPath(new URL('JavaTraces.java', import.meta.url));
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
  const ended = await producer.sendTransaction(
    { topic: TOPIC, body: 't', tag: 'paid', keys: ['order-2'] },
    async () => 'commit',
  );
  const left = await producer.sendTransaction({ topic: TOPIC, body: 'u' }, async () => 'unknown');
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
  const batchIds = outcomes.flatMap((outcome) => (outcome.status === 'stored' ? [outcome.result.msgId] : []));
  expect(batchIds).toHaveLength(2);
  // One message of seven records: the broker shows it a moment later.
  const [trace, ...others] = await readBack(admin, TRACE_TOPIC, 1);
  expect(others).toEqual([]);

  for (const id of [msgId, ...batchIds, ended.msgId, left.msgId]) {
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

  const body = trace?.body ?? Buffer.alloc(0);
  const { stdout } = await runJava('5.5.0', traces, [body.toString('base64')]);
  const lines = stdout.trim().split('\n');
  const addr = cluster.brokers[0]?.addr ?? '';
  expect(lines.filter((line) => line.includes('Trans_Msg_Half'))).toHaveLength(2);
  const ends = lines.flatMap((line, index) =>
    line.startsWith('EndTransaction') ? [[line, lines[index + 1] ?? '']] : [],
  );
  const endOf = (id: string, words: string, state: string) =>
    `EndTransaction tracer ${TOPIC} ${id} ${words} ${addr} Trans_msg_Commit ${id} ${state} false`;
  expect(ends.map(([line]) => line)).toEqual([
    endOf(ended.msgId, 'paid order-2', 'COMMIT_MESSAGE'),
    endOf(left.msgId, 'null null', 'UNKNOW'),
  ]);
  // What Java would have written of it is what was written, byte for byte.
  const written = ends.map(([, line = '']) => Buffer.from(line.replace('written ', ''), 'base64').toString());
  for (const text of written) expect(body.toString()).toContain(text);
});
