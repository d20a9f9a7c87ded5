import { describe, expect, test } from 'vitest';
import {
  BrokerError,
  deadlineAfter,
  type Message,
  type QueryOptions,
  type QueryResult,
  RemotingTimeoutError,
  type SendResult,
  TopicRouteNotFoundError,
} from '#rocketmq';
import {
  Deduplication,
  type DeduplicationMode,
  type DeliveryHistory,
} from '../../../functions/invocation/deduplication.ts';
import { GivenClock } from '../rocketmq/remoting/given-clock.ts';

const DAY_MS = 86_400_000;

/** In place of a producer and its cluster: answers questions from what was put into it. */
class Brokers {
  readonly stored = new Map<string, SendResult>();
  unanswered: QueryResult['unanswered'] = [];
  /** Ids of messages that are not told of before this settles. */
  readonly held = new Map<string, Promise<void>>();
  readonly asked: { readonly message: Message; readonly options: QueryOptions }[] = [];

  readonly queryMessageByUniqKey = async (message: Message, options: QueryOptions = {}): Promise<QueryResult> => {
    this.asked.push({ message, options });
    await this.held.get(message.msgId ?? '');
    return { stored: this.stored.get(message.msgId ?? ''), unanswered: this.unanswered };
  };

  store(msgId: string, attempts = 0): SendResult {
    const result: SendResult = {
      status: 'SEND_OK',
      msgId,
      offsetMsgId: '',
      queue: { topic: 'orders', brokerName: 'a', queueId: 0 },
      queueOffset: 0,
      attempts,
      isPossibleDuplicate: false,
      regionId: undefined,
      recallHandle: undefined,
    };
    this.stored.set(msgId, { ...result, attempts: 0 });
    return result;
  }
}

function message(msgId?: string): Message {
  return { topic: 'orders', body: 'x', ...(msgId === undefined ? {} : { msgId }) };
}

function start(mode: DeduplicationMode) {
  const brokers = new Brokers();
  const clock = new GivenClock();
  const warnings: unknown[] = [];
  const deduplication = new Deduplication(mode, brokers, clock, (text, facts) => warnings.push({ text, ...facts }));
  let unchecked = 0;
  const invocation = {
    deadline: deadlineAfter(10_000),
    unchecked: () => {
      unchecked++;
    },
  };
  const find = (history: DeliveryHistory, msgId?: string) => deduplication.find(history, message(msgId), invocation);
  return { brokers, clock, warnings, deduplication, find, unchecked: () => unchecked };
}

const AGAIN: DeliveryHistory = { isRedelivered: true };

describe('which records are asked for', () => {
  test.each<[DeduplicationMode, DeliveryHistory, boolean]>([
    ['off', AGAIN, false],
    ['off', {}, false],
    ['redelivered', AGAIN, true],
    ['redelivered', { isRedelivered: false }, false],
    ['redelivered', {}, false],
    ['always', AGAIN, true],
    ['always', { isRedelivered: false }, true],
    ['always', {}, true],
  ])('with "%s" and %o: %s', async (mode, history, isAsked) => {
    const { find, brokers } = start(mode);
    const finding = find(history, 'id-1');
    expect(finding !== undefined).toBe(isAsked);
    expect(await finding).toBeUndefined();
    expect(brokers.asked).toHaveLength(isAsked ? 1 : 0);
  });

  test('a message with a random id is not: it has another one on each delivery', () => {
    const { find, brokers } = start('always');
    expect(find(AGAIN, undefined)).toBeUndefined();
    expect(brokers.asked).toEqual([]);
  });
});

describe('a question', () => {
  test('is answered with what is stored', async () => {
    const { find, brokers, unchecked, warnings } = start('redelivered');
    brokers.store('id-1');
    expect(await find(AGAIN, 'id-1')).toMatchObject({ msgId: 'id-1', attempts: 0 });
    expect(unchecked()).toBe(0);
    expect(warnings).toEqual([]);
  });

  test('takes half of the time that is left, and what clocks may differ by before the first delivery', async () => {
    const { find, brokers } = start('redelivered');
    await find({ ...AGAIN, firstDeliveredAt: 10 * DAY_MS }, 'id-1');
    await find({ ...AGAIN, firstDeliveredAt: 5 }, 'id-2');
    await find(AGAIN, 'id-3');
    expect(brokers.asked.map(({ options }) => options.storedSince)).toEqual([9 * DAY_MS, 0, 0]);
    const remainingMs = brokers.asked[0]?.options.deadline?.remainingMs() ?? 0;
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(5000);
  });
});

describe('what keeps a record from being checked', () => {
  const refusal = (addr: string) =>
    new BrokerError(addr, { code: 3, name: 'REQUEST_CODE_NOT_SUPPORTED', remark: 'no', retryable: false });

  test('is told once, each reason of each broker, and counted each time', async () => {
    const { find, brokers, warnings, unchecked } = start('redelivered');
    for (const unanswered of [
      [refusal('a:1')],
      [refusal('a:1'), refusal('b:1')],
      [new RemotingTimeoutError('a:1', 7, 2000)],
      [new RemotingTimeoutError('a:1', 8, 1999)],
    ]) {
      brokers.unanswered = unanswered;
      expect(await find(AGAIN, 'id-1')).toBeUndefined();
    }
    expect(unchecked()).toBe(4);
    expect(warnings).toMatchObject([
      { code: 'ROCKETMQ_BROKER', reason: expect.stringContaining('a:1 answered 3') },
      { code: 'ROCKETMQ_BROKER', reason: expect.stringContaining('b:1 answered 3') },
      { code: 'ROCKETMQ_TIMEOUT', reason: expect.stringContaining('2000 ms') },
    ]);
  });

  test('of some brokers does not count when another one has the message', async () => {
    const { find, brokers, warnings, unchecked } = start('redelivered');
    brokers.store('id-1');
    brokers.unanswered = [refusal('a:1')];
    expect(await find(AGAIN, 'id-1')).toBeDefined();
    expect(unchecked()).toBe(0);
    expect(warnings).toEqual([]);
  });
});

describe('an index that is off', () => {
  test('is told once, when a message that was stored is not found half a minute later', async () => {
    const { find, brokers, clock, warnings, deduplication, unchecked } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    brokers.stored.clear();
    await find(AGAIN, 'id-2');
    expect(brokers.asked).toHaveLength(2);
    clock.advance(30_000);
    expect(warnings).toEqual([]);
    await Promise.all([find(AGAIN, 'id-3'), find(AGAIN, 'id-4')]);
    expect(brokers.asked.map(({ message: { msgId } }) => msgId)).toEqual(['id-1', 'id-2', 'id-3', 'id-4', 'id-1']);
    expect(warnings).toMatchObject([{ reason: expect.stringContaining('messageIndexEnable') }]);
    expect(unchecked()).toBe(1);
    deduplication.stored(brokers.store('id-4', 1));
    brokers.stored.clear();
    clock.advance(30_000);
    await find(AGAIN, 'id-5');
    expect(warnings).toHaveLength(1);
    expect(unchecked()).toBe(2);
  });

  test('is not suspected once a message was found', async () => {
    const { find, brokers, clock, warnings, deduplication } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    clock.advance(30_000);
    await find(AGAIN, 'id-2');
    expect(brokers.asked).toHaveLength(3);
    deduplication.stored(brokers.store('id-2', 1));
    clock.advance(30_000);
    await find(AGAIN, 'id-3');
    expect(brokers.asked).toHaveLength(4);
    expect(warnings).toEqual([]);
  });

  test('is not suspected once a record was found that an earlier delivery stored', async () => {
    const { find, brokers, clock, warnings, deduplication } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    brokers.store('earlier');
    await find(AGAIN, 'earlier');
    brokers.stored.clear();
    clock.advance(30_000);
    await find(AGAIN, 'id-2');
    expect(brokers.asked).toHaveLength(3);
    expect(warnings).toEqual([]);
  });

  test('is looked for half a minute after the first message, however many are stored after it', async () => {
    const { find, brokers, clock, deduplication } = start('redelivered');
    for (const id of ['id-1', 'id-2', 'id-3']) {
      await find(AGAIN, id);
      deduplication.stored(brokers.store(id, 1));
      clock.advance(10_000);
    }
    await find(AGAIN, 'id-4');
    expect(brokers.asked.map(({ message: { msgId } }) => msgId)).toEqual(['id-1', 'id-2', 'id-3', 'id-4', 'id-1']);
  });

  test('is looked for before the record is sent: no question outlasts the invocation', async () => {
    const { find, brokers, clock, deduplication } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    clock.advance(30_000);
    const answer = Promise.withResolvers<void>();
    brokers.held.set('id-1', answer.promise);
    let isDone = false;
    const finding = find(AGAIN, 'id-2')?.then(() => {
      isDone = true;
    });
    await expect.poll(() => brokers.asked.length).toBe(3);
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    answer.resolve();
    await finding;
  });

  test('is not suspected when nobody answers', async () => {
    const { find, brokers, clock, warnings, deduplication, unchecked } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    brokers.stored.clear();
    clock.advance(30_000);
    const answer = Promise.withResolvers<void>();
    brokers.held.set('id-1', answer.promise);
    const finding = find(AGAIN, 'id-2');
    await expect.poll(() => brokers.asked.length).toBe(3);
    brokers.unanswered = [new RemotingTimeoutError('a:1', 7, 2000)];
    answer.resolve();
    await finding;
    expect(warnings).toEqual([]);
    expect(unchecked()).toBe(0);
  });

  test('keeps no record from being sent when the topic of that message is gone', async () => {
    const { find, brokers, clock, warnings, deduplication, unchecked } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    brokers.stored.clear();
    clock.advance(30_000);
    brokers.held.set('id-1', Promise.reject(new TopicRouteNotFoundError('orders', ['ns:9876'])));
    expect(await find(AGAIN, 'id-2')).toBeUndefined();
    expect(brokers.asked).toHaveLength(3);
    expect(warnings).toEqual([]);
    expect(unchecked()).toBe(0);
  });

  test('is not asked for by a fault of this program in silence', async () => {
    const { find, brokers, clock, deduplication } = start('redelivered');
    await find(AGAIN, 'id-1');
    deduplication.stored(brokers.store('id-1', 1));
    brokers.stored.clear();
    clock.advance(30_000);
    brokers.held.set('id-1', Promise.reject(new TypeError('a fault of this program')));
    await expect(find(AGAIN, 'id-2')).rejects.toThrow('a fault of this program');
  });

  test('is not suspected when the message was not stored', async () => {
    const { find, brokers, clock, warnings } = start('redelivered');
    await find(AGAIN, 'id-1');
    clock.advance(60_000);
    await find(AGAIN, 'id-2');
    expect(brokers.asked).toHaveLength(2);
    expect(warnings).toEqual([]);
  });
});
