import { describe, expect, test } from 'vitest';
import type { SendHook } from '#rocketmq';
import { RESERVED_PROPERTIES } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { startProducer, TOPIC } from './start-producer.ts';

const MESSAGE = { topic: TOPIC, body: 'x' };
const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC';

/** Notes what it sees. */
function noting(log: string[], name = 'hook'): SendHook {
  return {
    before: ({ group, message }) => log.push(`${name} before ${group} ${message.body}`),
    after: ({ message }, outcome) =>
      log.push(`${name} after ${message.body} ${'result' in outcome ? outcome.result.status : outcome.error.code}`),
  };
}

describe('hooks', () => {
  test('see each message before and after, in their order, its result or its error', async () => {
    const log: string[] = [];
    await using started = await startProducer({ producer: { sendHooks: [noting(log, 'one'), noting(log, 'two')] } });
    const { cluster, producer } = started;
    await producer.send(MESSAGE);
    cluster.broker().faults.add({ kind: 'answer', code: 13, codes: [RequestCode.SEND_MESSAGE_V2] });
    await expect(producer.send({ ...MESSAGE, body: 'bad' })).rejects.toThrow();
    expect(log).toEqual([
      'one before test-producer x',
      'two before test-producer x',
      'one after x SEND_OK',
      'two after x SEND_OK',
      'one before test-producer bad',
      'two before test-producer bad',
      'one after bad ROCKETMQ_SEND_FAILED',
      'two after bad ROCKETMQ_SEND_FAILED',
    ]);
  });

  test('are given the result that the caller is given', async () => {
    const results: unknown[] = [];
    const after: SendHook['after'] = (_sent, outcome) => results.push('result' in outcome && outcome.result);
    await using started = await startProducer({ producer: { sendHooks: [{ after }] } });
    const result = await started.producer.send(MESSAGE);
    expect(results).toHaveLength(1);
    expect(results[0]).toBe(result);
  });

  test('see every member of a batch, each with its own outcome', async () => {
    const log: string[] = [];
    await using started = await startProducer({ producer: { sendHooks: [noting(log)] } });
    await started.producer.sendAll([
      { ...MESSAGE, body: 'a' },
      { ...MESSAGE, body: '' },
      { ...MESSAGE, body: 'c' },
    ]);
    expect(log.filter((line) => line.includes('after')).toSorted()).toEqual([
      'hook after  ROCKETMQ_MESSAGE_ILLEGAL',
      'hook after a SEND_OK',
      'hook after c SEND_OK',
    ]);
  });

  test('add properties, also to members of a batch', async () => {
    let count = 0;
    const sendHooks: SendHook[] = [
      { before: ({ extraProperties }) => Object.assign(extraProperties, { nr: `${count++}` }) },
    ];
    await using started = await startProducer({ producer: { sendHooks } });
    await started.producer.send(MESSAGE);
    await started.producer.sendAll([MESSAGE, MESSAGE]);
    const numbers = started.cluster.messages(TOPIC).map(({ properties }) => properties.nr);
    expect(numbers.toSorted()).toEqual(['0', '1', '2']);
  });

  test.each([...RESERVED_PROPERTIES])(
    'cannot add the reserved property %s past the checks of a message',
    async (name) => {
      const sendHooks: SendHook[] = [
        { before: ({ extraProperties }) => Object.assign(extraProperties, { [name]: '1' }) },
      ];
      await using started = await startProducer({ producer: { sendHooks } });
      const { cluster, producer } = started;
      const error = {
        code: 'ROCKETMQ_MESSAGE_ILLEGAL',
        message: `a hook added property "${name}", which is reserved by RocketMQ`,
      };
      await expect(producer.send(MESSAGE)).rejects.toMatchObject(error);
      expect(await producer.sendAll([MESSAGE, MESSAGE])).toMatchObject([{ error }, { error }]);
      expect(cluster.broker().connections.total).toBe(0);
    },
  );

  test('that throw before the send keep it from being sent, and after it change nothing', async () => {
    const fail = () => {
      throw new Error('of the hook');
    };
    await using started = await startProducer({ producer: { sendHooks: [{ after: fail }] } });
    const { cluster, client, producer } = started;
    expect(await producer.send(MESSAGE)).toMatchObject({ status: 'SEND_OK' });
    const other = client.producer({ group: 'other', sendHooks: [{ before: fail }] });
    await expect(other.send(MESSAGE)).rejects.toThrow('of the hook');
    expect(cluster.messages(TOPIC)).toHaveLength(1);
  });
});

test('a trace tells delayed messages from those with a property of a similar name', async () => {
  const topics = [TOPIC, TRACE_TOPIC].map((name) => ({ name, queues: 1 }));
  await using started = await startProducer({ cluster: { topics }, producer: { trace: true } });
  const { cluster, client, producer } = started;
  await producer.send({ ...MESSAGE, properties: { MY_DELAY: '3' } });
  await producer.send({ ...MESSAGE, delayLevel: 3 });
  await client.shutdown();
  const records = cluster.messages(TRACE_TOPIC).flatMap(({ body }) => body.toString().split('\u0002').filter(Boolean));
  // Field 11 is the message type of the Java client: 0 normal, 3 delay.
  const types = records.map((record) => record.split('\u0001')[11]);
  expect(types).toHaveLength(2);
  expect(types[0]).not.toBe(types[1]);
});
