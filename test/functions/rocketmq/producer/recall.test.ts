import { describe, expect, test } from 'vitest';
import { AccessDeniedError, createClient } from '#rocketmq';
import { encodeRecallHandle } from '../../../../functions/rocketmq/protocol/recall-handle.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const RECALL = RequestCode.RECALL_MESSAGE;
const handle = (brokerName = 'broker-a') =>
  encodeRecallHandle({ topic: TOPIC, brokerName, timestamp: Date.now() + 60_000, msgId: 'F'.repeat(32) });

describe('a recall', () => {
  test.each([
    [16, 'User:x has no permission to access Topic:orders'],
    [16, 'check signature failed.'],
  ])('that access control denies (%d "%s") is a denial', async (code, remark) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code, remark, codes: [RECALL] });
    const error = await rejectionOf(producer.recall(TOPIC, handle()));
    expect(error).toBeInstanceOf(AccessDeniedError);
    expect(error).toMatchObject({ addr: cluster.broker().addr, remark });
  });

  test('that is denied is asked once more when the credentials have changed', async () => {
    let fetched = 0;
    const fetchSecurity = async () => ({ credentials: { accessKey: `key-${fetched++}`, secretKey: 'secret' } });
    await using started = await startProducer({
      cluster: { recallMessageEnable: true },
      client: { fetchSecurity },
    });
    const { cluster, producer } = started;
    cluster
      .broker()
      .faults.add({ kind: 'answer', code: 16, remark: 'User:key-0 is not found.', codes: [RECALL], times: 1 });
    expect(await producer.recall(TOPIC, handle())).toBe('F'.repeat(32));
    expect(
      cluster
        .broker()
        .requests.last(RECALL)
        .map(({ extFields }) => extFields.AccessKey),
    ).toEqual(['key-0', 'key-1']);
  });

  test.each([
    [
      17,
      'recall failed, the topic[orders] not exist',
      '17 TOPIC_NOT_EXIST: recall failed, the topic[orders] not exist',
    ],
    [604, 'recall failed, topic not match', '604 ILLEGAL_OPERATION: recall failed, topic not match'],
  ])('that the broker refuses (%d "%s") says so', async (code, remark, text) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code, remark, codes: [RECALL] });
    const error = await rejectionOf(producer.recall(TOPIC, handle()));
    expect(error).toMatchObject({
      code: 'ROCKETMQ_RECALL',
      responseCode: code,
      message: expect.stringContaining(text),
    });
  });

  test.each([1, 2, 11, 14, 215, 1500])('that a broker cannot do now (%d) can be asked again later', async (code) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code, codes: [RECALL] });
    const error = await rejectionOf(producer.recall(TOPIC, handle()));
    expect(error).toMatchObject({ code: 'ROCKETMQ_BROKER', responseCode: code, retryable: true, outcome: 'refused' });
  });

  test('by a handle of a broker that the route does not have is put to another one, as behind a proxy', async () => {
    await using started = await startProducer({ cluster: { recallMessageEnable: true } });
    const { cluster, producer } = started;
    const error = await rejectionOf(producer.recall(TOPIC, handle('broker-z')));
    expect(cluster.broker().requests.count(RECALL)).toBe(1);
    // It may be back later, with the message.
    const message = expect.stringContaining('broker-z, which has the message, is not in its route now');
    expect(error).toMatchObject({ code: 'ROCKETMQ_NO_WRITABLE_QUEUE', retryable: true, outcome: 'notSent', message });
  });

  test('of a message on a broker that takes no new ones is put to that broker', async () => {
    await using started = await startProducer({ cluster: { ...TWO_BROKERS, recallMessageEnable: true } });
    const { cluster, producer } = started;
    const queue = { topic: TOPIC, brokerName: 'broker-a', queueId: 0 };
    const { msgId, recallHandle = '' } = await producer.send({ topic: TOPIC, body: 'x', delaySec: 60 }, { queue });
    cluster.broker('broker-a').setPerm(TOPIC, 4);
    const fresh = createClient({ nameServerAddrs: cluster.nameServerAddrs });
    expect(await fresh.producer({ group: 'fresh' }).recall(TOPIC, recallHandle)).toBe(msgId);
    await fresh.shutdown();
  });

  test('of a message that has no handle says so', async () => {
    await using started = await startProducer();
    const { recallHandle } = await started.producer.send({ topic: TOPIC, body: 'x' });
    const error = await rejectionOf(started.producer.recall(TOPIC, recallHandle as string));
    expect(error).toMatchObject({ code: 'ROCKETMQ_RECALL', message: expect.stringContaining('no recall handle') });
  });

  test('of a topic without a route fails as a send does', async () => {
    await using started = await startProducer();
    const gone = encodeRecallHandle({ topic: 'gone', brokerName: 'broker-a', timestamp: 1, msgId: 'F' });
    const error = await rejectionOf(started.producer.recall('gone', gone));
    expect(error).toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND', outcome: 'notSent' });
  });
});
