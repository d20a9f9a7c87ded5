import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient, type Message, type Producer } from '#rocketmq';
import {
  CLUSTER_START_LIMIT_MS,
  type ContractCluster,
  contractKinds,
  freshTopic,
  openContractCluster,
  uniqueName,
} from './clusters.ts';

/** Longest that the index of an overloaded machine may lag behind the store. */
const INDEX_LIMIT_MS = 20_000;

describe.each(contractKinds)('a message asked for by its id on %s', (kind) => {
  let cluster: ContractCluster | undefined;
  let client: Client;
  let producer: Producer;
  let topic: string;

  beforeEach(async (context) => {
    if (cluster === undefined) {
      cluster = await openContractCluster(kind, context);
      client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
      producer = client.producer({ group: uniqueName('query') });
    }
    topic = await freshTopic(cluster);
  }, CLUSTER_START_LIMIT_MS);
  afterAll(async () => {
    await client?.shutdown();
    await cluster?.stop();
  });

  const message = (more: Partial<Message> = {}): Message => ({ topic, body: 'x', msgId: uniqueName('id'), ...more });
  /** What the brokers say once they have built their index. */
  const found = async (asked: Message) => {
    const stored = async () => {
      const answer = await producer.queryMessageByUniqKey(asked);
      expect(answer.unanswered).toEqual([]);
      return answer.stored;
    };
    await expect.poll(stored, { timeout: INDEX_LIMIT_MS }).toBeDefined();
    return stored();
  };

  test.each<[string, Partial<Message>]>([
    ['alone', {}],
    ['with a sharding key', { shardingKey: 'k' }],
    ['compressed', { body: 'x'.repeat(10_000) }],
    ['with its id among its keys', { keys: ['one', 'two'] }],
  ])('is found where it was stored %s', async (_what, more) => {
    const asked = message(more);
    const sent = await producer.send(asked);
    expect(await found(asked)).toMatchObject({
      status: 'SEND_OK',
      msgId: asked.msgId,
      queue: sent.queue,
      queueOffset: sent.queueOffset,
      offsetMsgId: sent.offsetMsgId,
      attempts: 0,
    });
  });

  test('is found as each member of a batch', async () => {
    const members = Array.from({ length: 5 }, () => message());
    const outcomes = await producer.sendAll(members);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'failed') throw outcome.error;
      const { queue, queueOffset, offsetMsgId } = outcome.result;
      expect(await found(members[index] ?? message())).toMatchObject({ queue, queueOffset, offsetMsgId });
    }
  });

  test('is found while it waits for its time', async () => {
    const asked = message(kind === '4.9.5' ? { delayLevel: 4 } : { delayMs: 30_000 });
    const { queue, offsetMsgId } = await producer.send(asked);
    expect(await found(asked)).toMatchObject({ queue, offsetMsgId });
  });

  test('is found only among those stored since the given time', async () => {
    const asked = message();
    await producer.send(asked);
    await found(asked);
    const since = (storedSince: number) => producer.queryMessageByUniqKey(asked, { storedSince });
    expect((await since(Date.now() - 60_000)).stored).toBeDefined();
    expect((await since(Date.now() + 60_000)).stored).toBeUndefined();
  });

  test('is not found when it was not sent, even if another one has its id as a key', async () => {
    const asked = message();
    const { msgId = '' } = asked;
    const other = message({ keys: [msgId] });
    await producer.send(other);
    await found(other);
    expect(await producer.queryMessageByUniqKey(asked)).toEqual({ stored: undefined, unanswered: [] });
    expect(await producer.queryMessageByUniqKey(message())).toEqual({ stored: undefined, unanswered: [] });
  });
});
