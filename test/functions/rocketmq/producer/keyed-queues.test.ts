import { describe, expect, test } from 'vitest';
import type { TopicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import { javaStringHash, KeyedQueues } from '../../../../functions/rocketmq/producer/keyed-queues.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { publishInfo } from './publish-info.ts';

describe("Java's hash of a string", () => {
  // From Java's own String.hashCode.
  test.each([
    ['', 0],
    ['a', 97],
    ['hello', 99162322],
    ['order-1', -1207111310],
    ['polygenelubricants', -2147483648],
    ['消息', 893927],
    ['größe', 98762257],
    ['😀', 1772899],
  ])('of "%s" is %d', (text, hash) => {
    expect(javaStringHash(text)).toBe(hash);
  });
});

describe('the queue of a sharding key', () => {
  const info = publishInfo({ 'broker-a': 4, 'broker-b': 4 });
  const queueOf = (of: TopicPublishInfo, key: string) => new KeyedQueues(new GivenClock(), 'fail').queueOf(of, key);

  test.each([
    ['a', 'broker-a', 1],
    ['hello', 'broker-a', 2],
    // A negative remainder loses its sign after the division, not before it.
    ['order-1', 'broker-b', 2],
    ['polygenelubricants', 'broker-a', 0],
    ['消息', 'broker-b', 3],
    ['😀', 'broker-a', 3],
  ])('of "%s" is %s %d, where Java puts it', (key, brokerName, queueId) => {
    expect(queueOf(info, key)).toEqual({ topic: 'orders', brokerName, queueId });
  });

  test('counts brokers in the order of their names, whatever the order in the route', () => {
    expect(queueOf(publishInfo({ 'broker-b': 4, 'broker-a': 4 }), '消息')).toEqual(queueOf(info, '消息'));
  });

  test('is the only one of a topic with a single queue', () => {
    expect(queueOf(publishInfo({ 'broker-a': 1 }), 'order-1')?.queueId).toBe(0);
  });

  test('is none of a topic without queues', () => {
    expect(queueOf(publishInfo({}), 'order-1')).toBeUndefined();
  });
});

describe('the queue of a sharding key while a broker is gone', () => {
  const both = publishInfo({ 'broker-a': 4, 'broker-b': 4 });
  const rest = publishInfo({ 'broker-a': 4 });
  const keys = Array.from({ length: 100 }, (_, index) => `order-${index}`);
  const placesOf = (queues: KeyedQueues, info: TopicPublishInfo) => keys.map((key) => queues.queueOf(info, key));

  test('stays what it was, also where it is one of that broker', () => {
    const queues = new KeyedQueues(new GivenClock(), 'fail');
    const before = placesOf(queues, both);
    expect(placesOf(queues, rest)).toEqual(before);
    expect(before.some((queue) => queue?.brokerName === 'broker-b')).toBe(true);
  });

  test('moves to the queues that are left when the broker stays away for ten minutes', () => {
    const clock = new GivenClock();
    const queues = new KeyedQueues(clock, 'fail');
    const before = placesOf(queues, both);
    expect(placesOf(queues, rest)).toEqual(before);
    clock.advance(599_999);
    expect(placesOf(queues, rest)).toEqual(before);
    clock.advance(1);
    expect(placesOf(queues, rest)).toEqual(placesOf(new KeyedQueues(clock, 'rehash'), rest));
  });

  test('counts the ten minutes anew when the broker was back in between', () => {
    const clock = new GivenClock();
    const queues = new KeyedQueues(clock, 'fail');
    const before = placesOf(queues, both);
    placesOf(queues, rest);
    clock.advance(500_000);
    placesOf(queues, publishInfo({ 'broker-a': 4, 'broker-b': 4 }));
    clock.advance(500_000);
    expect(placesOf(queues, rest)).toEqual(before);
  });

  test('moves at once where the producer is told to rehash', () => {
    const queues = new KeyedQueues(new GivenClock(), 'rehash');
    placesOf(queues, both);
    expect(placesOf(queues, rest).every((queue) => queue?.brokerName === 'broker-a')).toBe(true);
  });

  test('follows a changed number of queues at once: no broker is missing', () => {
    const queues = new KeyedQueues(new GivenClock(), 'fail');
    placesOf(queues, both);
    const more = publishInfo({ 'broker-a': 8, 'broker-b': 8 });
    expect(placesOf(queues, more)).toEqual(placesOf(new KeyedQueues(new GivenClock(), 'fail'), more));
  });
});
