import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient } from '#rocketmq';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { AdminClient } from '../../local/admin-client.ts';
import type { ClusterHandle } from '../../local/cluster-handle.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { startCluster } from '../../local/start-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic } from './clusters.ts';
import { type InProcessFunction, loadFunction, unloadFunction } from './in-process-function.ts';
import { deliveredAgain, newEvent } from './sqs-events.ts';

/** Longest that the index of an overloaded machine may lag behind the store. */
const INDEX_LIMIT_MS = 20_000;

describe.each(contractKinds)('records that SQS delivers again, on two masters of %s', (kind) => {
  let cluster: ClusterHandle | undefined;
  let admin: AdminClient;
  let asking: Client;
  let topic: string;
  let loaded: InProcessFunction | undefined;

  beforeEach(async (context) => {
    if (kind !== 'embedded') await needsRealRocketMQ(context);
    if (cluster === undefined) {
      cluster = await startCluster(kind, { masters: 2 });
      admin = new AdminClient(cluster);
      asking = createClient({ nameServerAddrs: cluster.nameServerAddrs });
    }
    topic = await freshTopic({ admin });
    loaded = await loadFunction({ topic, nameServers: cluster.nameServerAddrs });
  }, CLUSTER_START_LIMIT_MS);
  afterEach(async () => {
    if (loaded !== undefined) await unloadFunction(loaded);
    loaded = undefined;
  });
  afterAll(async () => {
    await asking?.shutdown();
    await admin?.close();
    await cluster?.stop();
  });

  const answerTo = async (event: SQSEvent) => (await loaded?.invoke(event))?.batchItemFailures;
  /** What is stored, when the brokers find each of so many messages by its id. */
  const indexed = async (count: number): Promise<StoredMessage[]> => {
    const stored = await readBack(admin, topic, count);
    const producer = asking.producer({ group: `asking-${topic}` });
    for (const { properties } of stored) {
      const message = { topic, body: '', msgId: properties.UNIQ_KEY ?? '' };
      const find = async () => (await producer.queryMessageByUniqKey(message)).stored;
      await expect.poll(find, { timeout: INDEX_LIMIT_MS }).toBeDefined();
    }
    return stored;
  };
  const bodiesOf = (stored: readonly StoredMessage[]) => stored.map(({ body }) => body.toString());
  const inOrder = (a: string, b: string) => Number(a.slice(7)) - Number(b.slice(7));

  test('are stored once, wherever they are', async () => {
    const event = newEvent(20);
    expect(await answerTo(event)).toEqual([]);
    const stored = await indexed(20);
    expect(new Set(stored.map(({ storeHost }) => storeHost.port)).size).toBe(2);
    expect(await answerTo(deliveredAgain(event))).toEqual([]);
    expect(bodiesOf(await admin.readAll(topic)).toSorted(inOrder)).toEqual(event.Records.map(({ body }) => body));
  });

  test('are sent when they are missing, and no others', async () => {
    const event = newEvent(20);
    expect(await answerTo({ Records: event.Records.filter((_, index) => index % 3 === 0) })).toEqual([]);
    await indexed(7);
    expect(await answerTo(deliveredAgain(event))).toEqual([]);
    const stored = await readBack(admin, topic, 20);
    expect(bodiesOf(stored).toSorted(inOrder)).toEqual(event.Records.map(({ body }) => body));
  });

  test('keep the order of their message group', async () => {
    const event = newEvent(24, { groups: 3 });
    // Of the groups three, two and one record are stored before.
    const before = [0, 3, 6, 1, 4, 2];
    expect(await answerTo({ Records: event.Records.filter((_, index) => before.includes(index)) })).toEqual([]);
    await indexed(before.length);
    expect(await answerTo(deliveredAgain(event))).toEqual([]);
    const stored = await readBack(admin, topic, 24);
    expect(stored).toHaveLength(24);
    for (const group of ['group-0', 'group-1', 'group-2']) {
      const ofGroup = event.Records.filter(({ attributes }) => attributes.MessageGroupId === group);
      const storedOf = stored.filter(({ properties }) => properties.__SHARDINGKEY === group);
      expect(bodiesOf(storedOf)).toEqual(ofGroup.map(({ body }) => body));
    }
  });
});
