import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { producerOptionRules } from '#rocketmq';
import { MAX_PROPERTIES_BYTES } from '../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { startProducer, TOPIC, TWO_BROKERS } from '../functions/rocketmq/producer/start-producer.ts';
import { useCapabilityCluster } from './capabilities-cluster.ts';
import { contractKinds, freshTopic } from './clusters.ts';

// What brokers do, found on real ones, that a producer can step into: docs/protocol-notes.md lists all of it. Here are the
// tests of what no other test shows.

const { SEND_MESSAGE_V2: SEND, SEND_BATCH_MESSAGE: BATCH } = RequestCode;
/** As real servers read a frame: longer ones end the connection without an answer. */
const LONGEST_FRAME_BYTES = 16_777_216;

describe.each(contractKinds)('on %s', (kind) => {
  const on = useCapabilityCluster(kind);

  test('five thousand messages of one byte in one batch are told of one by one, though the answer is long', async () => {
    const topic = await freshTopic(on.cluster, 1);
    const producer = on.newProducer({ maxBatchMessages: 5000 });
    const outcomes = await producer.sendAll(Array.from({ length: 5000 }, () => ({ topic, body: Uint8Array.of(7) })));
    const results = outcomes.flatMap((outcome) => (outcome.status === 'stored' ? [outcome.result] : []));
    expect(results.map(({ queueOffset }) => queueOffset)).toEqual(Array.from({ length: 5000 }, (_, index) => index));
    expect(new Set(results.map(({ offsetMsgId }) => offsetMsgId)).size).toBe(5000);
    const stored = await readBack(on.cluster.admin, topic, 5000);
    expect(stored.map(({ properties }) => properties.UNIQ_KEY)).toEqual(results.map(({ msgId }) => msgId));
  });

  test('a batch is stored as its members, never as one body', async () => {
    const topic = await freshTopic(on.cluster, 1);
    await on.newProducer().sendAll(['a', 'b'].map((body) => ({ topic, body })));
    const stored = await readBack(on.cluster.admin, topic, 2);
    expect(stored.map(({ body }) => body.toString())).toEqual(['a', 'b']);
  });

  test('messages of different topics never share a batch', async () => {
    const topics = [await freshTopic(on.cluster, 1), await freshTopic(on.cluster, 1)];
    const messages = Array.from({ length: 20 }, (_, index) => ({ topic: topics[index % 2] ?? '', body: `${index}` }));
    await on.newProducer().sendAll(messages);
    for (const [place, topic] of topics.entries()) {
      const bodies = (await readBack(on.cluster.admin, topic, 10)).map(({ body }) => Number(body));
      expect(bodies).toEqual(Array.from({ length: 10 }, (_, index) => index * 2 + place));
    }
  });

  test.each(['rmq_sys_wheel_timer', 'SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRANS_HALF_TOPIC', 'TBW102'])(
    'nothing is sent to %s, neither alone nor among others',
    async (topic) => {
      const client = on.newClient();
      const producer = client.producer({ group: 'system-topics' });
      const illegal = { code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'topic', outcome: 'notSent' };
      await expect(producer.send({ topic, body: 'x' })).rejects.toMatchObject(illegal);
      await expect(producer.sendOneway({ topic, body: 'x' })).rejects.toMatchObject(illegal);
      expect(await producer.sendAll([{ topic, body: 'x' }])).toMatchObject([{ error: illegal }]);
      expect(client.connectionsOpened.size).toBe(0);
    },
  );
});

test('success with a remark is a success, whatever the remark says', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  const remark = 'not set any response code';
  cluster.broker().faults.add({ kind: 'answer', code: 0, remark, isStored: true, codes: [SEND] });
  expect(await producer.send({ topic: TOPIC, body: 'x' })).toMatchObject({ status: 'SEND_OK', attempts: 1 });
});

test('a list of one message is sent as a message, and a batch says that it is one', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  const [outcome] = await producer.sendAll([{ topic: TOPIC, body: 'alone' }]);
  expect(outcome).toMatchObject({ status: 'stored', result: { offsetMsgId: expect.not.stringContaining(',') } });
  await producer.sendAll(['a', 'b'].map((body) => ({ topic: TOPIC, body })));
  const { requests } = cluster.broker();
  expect(requests.last(SEND).map(({ extFields }) => extFields.m)).toEqual(['false']);
  expect(requests.last(BATCH).map(({ extFields }) => extFields.m)).toEqual(['true']);
});

test('each request names the broker of its queue, and as default topic one that creates nothing', async () => {
  await using started = await startProducer({ cluster: { ...TWO_BROKERS, autoCreateTopics: true } });
  const { cluster, producer } = started;
  for (let sends = 0; sends < 8; sends++) await producer.send({ topic: TOPIC, body: 'x' });
  for (const { name, requests } of cluster.brokers) {
    const named = requests.last(SEND).map(({ extFields: { n, b, c } }) => [n, b, c]);
    expect(named).toEqual(Array(4).fill([name, TOPIC, TOPIC]));
  }
});

test('a batch to a retry topic, which 5.x refuses as such, is sent message by message', async () => {
  const topic = '%RETRY%group';
  await using started = await startProducer({ cluster: { topics: [{ name: topic, queues: 1 }] } });
  const { cluster, producer } = started;
  const outcomes = await producer.sendAll(['a', 'b', 'c'].map((body) => ({ topic, body })));
  expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored', 'stored']);
  expect(cluster.messages(topic).map(({ body }) => body.toString())).toEqual(['a', 'b', 'c']);
  expect([cluster.broker().requests.count(BATCH), cluster.broker().requests.count(SEND)]).toEqual([1, 3]);
});

test('no option lets a frame grow so long that a broker ends the connection', () => {
  const { maxMessageBytes, maxBatchBytes } = producerOptionRules;
  // Whatever characters properties have, a header in JSON escapes a byte with at most six, beside some names and numbers.
  const header = MAX_PROPERTIES_BYTES * 6 + 2000;
  for (const { max = Number.POSITIVE_INFINITY } of [maxMessageBytes, maxBatchBytes]) {
    expect(max + header).toBeLessThan(LONGEST_FRAME_BYTES);
  }
});

test('a message with the marks of a half message cannot be made by its properties', async () => {
  await using started = await startProducer();
  const { cluster, producer } = started;
  for (const name of ['TRAN_MSG', 'PGROUP', 'DELAY', 'TIMER_DELAY_MS', 'TIMER_DELIVER_MS', 'TIMER_DELAY_SEC']) {
    const sending = producer.send({ topic: TOPIC, body: Buffer.from('x'), properties: { [name]: '1' } });
    await expect(sending).rejects.toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'properties' });
  }
  expect(cluster.broker().connections.total).toBe(0);
});
