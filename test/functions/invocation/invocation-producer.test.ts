import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Deadline, deadlineAfter, type Producer } from '#rocketmq';
import { InvocationProducer } from '../../../functions/invocation/invocation-producer.ts';
import { rejectionOf, type StartedProducer, startProducer, TOPIC } from '../rocketmq/producer/start-producer.ts';

/** A deadline, and how often it was asked. */
function watched(remainingMs: number) {
  const watch = { asked: 0, remainingMs: () => remainingMs };
  watch.remainingMs = () => {
    watch.asked++;
    return remainingMs;
  };
  return watch satisfies Deadline;
}

const message = { topic: TOPIC, body: 'x', msgId: 'id' };
const commit = async () => 'commit' as const;

let started: StartedProducer;

beforeAll(async () => {
  started = await startProducer({ cluster: { recallMessageEnable: true, topics: [{ name: TOPIC, queues: 4 }] } });
});
afterAll(() => started[Symbol.asyncDispose]());

describe('the producer of an invocation', () => {
  test.each<[string, (producer: Producer) => Promise<unknown>]>([
    ['send', (producer) => producer.send(message)],
    ['send with options', (producer) => producer.send(message, { selectQueue: ([queue]) => queue as never })],
    ['send with a sharding key', (producer) => producer.send({ ...message, shardingKey: 'anna' }, {})],
    ['send with an undefined deadline', (producer) => producer.send(message, { deadline: undefined } as object)],
    ['sendOneway', (producer) => producer.sendOneway(message)],
    ['sendAll', (producer) => producer.sendAll([message])],
    ['request', (producer) => rejectionOf(producer.request(message, 20))],
    ['queryMessageByUniqKey', (producer) => producer.queryMessageByUniqKey(message)],
    ['sendTransaction', (producer) => producer.sendTransaction({ topic: TOPIC, body: 'x' }, commit)],
    ['awaitTransactionChecks', (producer) => producer.awaitTransactionChecks([TOPIC])],
  ])('keeps to its deadline in %s', async (_what, call) => {
    const deadline = watched(10_000);
    await call(new InvocationProducer(started.producer, deadline));
    expect(deadline.asked).toBeGreaterThan(0);
  });

  test('keeps to its deadline in recall', async () => {
    const deadline = watched(10_000);
    const { recallHandle = '' } = await started.producer.send({ topic: TOPIC, body: 'x', delaySec: 60 });
    await new InvocationProducer(started.producer, deadline).recall(TOPIC, recallHandle);
    expect(deadline.asked).toBeGreaterThan(0);
  });

  test('begins nothing when no time is left', async () => {
    const producer = new InvocationProducer(started.producer, watched(0));
    const sent = started.cluster.messages(TOPIC).length;
    expect(await rejectionOf(producer.send(message))).toMatchObject({ code: 'ROCKETMQ_DEADLINE', outcome: 'notSent' });
    expect(await producer.sendAll([message])).toMatchObject([{ error: { code: 'ROCKETMQ_DEADLINE' } }]);
    expect(started.cluster.messages(TOPIC)).toHaveLength(sent);
  });

  test('has settled when all that was begun has, and what was begun then', async () => {
    const producer = new InvocationProducer(started.producer, watched(10_000));
    const ended: string[] = [];
    const sendTwo = async () => {
      for (const body of ['first', 'second']) ended.push((await producer.send({ topic: TOPIC, body })) && body);
    };
    const sending = sendTwo();
    const failing = rejectionOf(producer.send({ topic: TOPIC, body: '' }));
    await producer.settled();
    expect(ended).toEqual(['first', 'second']);
    await Promise.all([sending, failing]);
  });

  test('has settled too when there is no time left for what was begun', async () => {
    const producer = new InvocationProducer(started.producer, deadlineAfter(0));
    let settled = 0;
    const begun = [producer.send(message), producer.sendTransaction({ topic: TOPIC, body: 'x' }, commit)];
    const failing = begun.map((call) => rejectionOf(call).finally(() => settled++));
    await producer.settled();
    expect(settled).toBe(2);
    for (const error of await Promise.all(failing)) expect(error).toMatchObject({ code: 'ROCKETMQ_DEADLINE' });
  });

  test('is not waited for beyond its deadline', async () => {
    const never = Promise.withResolvers<'unknown'>();
    const producer = new InvocationProducer(started.producer, deadlineAfter(100));
    const sending = producer.sendTransaction({ topic: TOPIC, body: 'x' }, () => never.promise);
    await producer.settled();
    never.resolve('unknown');
    expect(await sending).toMatchObject({ status: 'pending', reason: 'unknown' });
  });

  test('keeps to the earlier one where a call gives its own', async () => {
    const late = { code: 'ROCKETMQ_DEADLINE', outcome: 'notSent', remainingMs: 3 };
    const patient = new InvocationProducer(started.producer, watched(10_000));
    expect(await rejectionOf(patient.send(message, { deadline: watched(3) }))).toMatchObject(late);
    const hasty = new InvocationProducer(started.producer, watched(3));
    expect(await rejectionOf(hasty.send(message, { deadline: watched(10_000) }))).toMatchObject(late);
  });

  test('leaves options alone that have its deadline already', async () => {
    const deadline = watched(10_000);
    const options = Object.freeze({ deadline });
    const seen: unknown[] = [];
    const producer = new InvocationProducer(started.producer, deadline);
    await producer.sendTransaction(
      { topic: TOPIC, body: 'x' },
      async (transaction) => {
        seen.push(transaction.deadline);
        return 'commit';
      },
      options,
    );
    expect(seen).toEqual([deadline]);
    expect(seen[0]).toBe(deadline);
  });

  test.each([
    ['null', null],
    ['a number', 3000],
    ['an instant as deadline', { deadline: 1_800_000_000_000 }],
  ])('refuses what the producer refuses: %s as options', async (_what, options) => {
    const producer = new InvocationProducer(started.producer, watched(10_000));
    expect(await rejectionOf(producer.send(message, options as never))).toMatchObject({ code: 'ROCKETMQ_OPTIONS' });
  });

  test('has the group of the producer, and listens for checks as it does', async () => {
    const producer = new InvocationProducer(started.producer, watched(10_000));
    expect(producer.group).toBe(started.producer.group);
    await producer.onTransactionCheck({ check: commit });
  });
});
