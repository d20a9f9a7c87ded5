import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#rocketmq';
import { AdminClient } from '../../local/admin-client.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic } from './clusters.ts';
import { startJavaProgram } from './java-program.ts';

/** The first request also waits for the consumer to be given its queues. */
const FIRST_REPLY_MS = 40_000;
const REPLY_MS = 10_000;

describe.each(contractKinds)('on %s, a request to a Java replier', (kind) => {
  const on = useCapabilityCluster(kind);
  let topic: string | undefined;
  let replier: AsyncDisposable | undefined;
  beforeEach(async (context) => {
    await needsRealRocketMQ(context);
    if (topic !== undefined) return;
    topic = await freshTopic(on.cluster, 2);
    const client = kind === '4.9.5' ? '4.9.5' : '5.5.0';
    replier = await startJavaProgram(client, 'JavaReplier.java', [on.cluster.nameServerAddrs[0] ?? '', topic]);
    await on.newProducer().request({ topic, body: 'is anybody there' }, FIRST_REPLY_MS);
  }, CLUSTER_START_LIMIT_MS);
  afterAll(() => replier?.[Symbol.asyncDispose]());
  const requests = (body: string) => ({ topic: topic ?? '', body });

  test('is answered with its body and properties', async () => {
    const producer = on.newProducer();
    const reply = await producer.request({ ...requests('größer?'), tag: 't', properties: { from: 'här' } }, REPLY_MS);
    expect(reply.body.toString()).toBe('answer to größer?');
    expect(reply.properties).toMatchObject({ to: 'här', MSG_TYPE: 'reply' });
  });

  test('is answered by a large reply, which comes compressed', async () => {
    const { body } = await on.newProducer().request(requests('large 2000'), REPLY_MS);
    expect(body.toString()).toBe('answer to large 2000'.repeat(2000));
  });

  test('may itself be compressed, and have a sharding key', async () => {
    const body = 'a long one '.repeat(2000);
    const reply = await on.newProducer().request({ ...requests(body), shardingKey: 'k' }, REPLY_MS);
    expect(reply.body.toString()).toBe(`answer to ${body}`);
  });

  test('fails after its time when nobody replies, and later ones are answered', async () => {
    const producer = on.newProducer();
    await expect(producer.request(requests('silence'), 300)).rejects.toMatchObject({
      code: 'ROCKETMQ_REQUEST_TIMEOUT',
      outcome: 'unknown',
      topic,
      timeoutMs: 300,
    });
    expect((await producer.request(requests('still there?'), REPLY_MS)).body.toString()).toBe('answer to still there?');
  });

  test('is one of many at once on a client that no broker knows yet, each with its own answer', async () => {
    const producer = on.newProducer();
    const bodies = Array.from({ length: 30 }, (_, index) => `${index}`);
    const replies = await Promise.all(bodies.map((body) => producer.request(requests(body), REPLY_MS)));
    expect(replies.map(({ body }) => body.toString())).toEqual(bodies.map((body) => `answer to ${body}`));
  });

  test('is not disturbed by a reply that nobody waits for: the broker is told that it was taken', async () => {
    const { body } = await on.newProducer().request(requests('stranger'), REPLY_MS);
    expect(body.toString()).toBe('a stranger was taken with SEND_OK');
  });
});

describe('on 5.5.0 with two masters, a request', () => {
  test('is answered whichever master has it and whichever takes the reply, also after one was restarted', {
    timeout: CLUSTER_START_LIMIT_MS,
  }, async (context) => {
    await needsRealRocketMQ(context);
    await using cluster = await startRealCluster({ version: '5.5.0', masters: 2 });
    const { nameServerAddrs } = cluster;
    await using admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin }, 1);
    await using ending = new AsyncDisposableStack();
    ending.use(await startJavaProgram('5.5.0', 'JavaReplier.java', [nameServerAddrs[0] ?? '', topic]));
    const client = createClient({ nameServerAddrs });
    ending.defer(() => client.shutdown());
    const producer = client.producer({ group: 'requester' });
    const requestOn = async (brokerName: string, limitMs: number) => {
      const options = { queue: { topic, brokerName, queueId: 0 } };
      return (await producer.request({ topic, body: brokerName }, limitMs, options)).body.toString();
    };
    const onBoth = async () => {
      const answers: string[] = [];
      for (let round = 0; round < 8; round++) {
        answers.push(await requestOn(round % 2 === 0 ? 'broker-a' : 'broker-b', FIRST_REPLY_MS));
      }
      return answers;
    };
    const expected = Array.from({ length: 8 }, (_, round) => `answer to broker-${round % 2 === 0 ? 'a' : 'b'}`);
    expect(await onBoth()).toEqual(expected);
    await cluster.kill('broker-a');
    await cluster.start('broker-a');
    expect(await onBoth()).toEqual(expected);
    expect(client.pendingCount).toBe(0);
  });
});
