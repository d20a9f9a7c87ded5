import { describe, expect, test } from 'vitest';
import { type TopicPublishInfo, topicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import { FaultStrategy } from '../../../../functions/rocketmq/producer/fault-strategy.ts';
import { javaStringHash, QueueSelection, queueOfKey } from '../../../../functions/rocketmq/producer/queue-selection.ts';

/** Queues of a topic on brokers with so many queues each, as a route tells them. */
function publishInfo(queuesByBroker: Readonly<Record<string, number>>, topic = 'orders'): TopicPublishInfo {
  const brokers = Object.entries(queuesByBroker);
  return topicPublishInfo(topic, {
    orderTopicConf: undefined,
    topicQueueMappingByBroker: undefined,
    queueDatas: brokers.map(([brokerName, queues]) => ({
      brokerName,
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: 6,
      topicSysFlag: 0,
    })),
    brokerDatas: brokers.map(([brokerName], index) => ({
      cluster: 'c',
      brokerName,
      brokerAddrs: { 0: `10.0.0.${index + 1}:10911` },
    })),
  });
}

function selection(): { queues: QueueSelection; faults: FaultStrategy } {
  const faults = new FaultStrategy({ now: () => 0 });
  return { queues: new QueueSelection(faults), faults };
}

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

  test.each([
    ['a', 'broker-a', 1],
    ['hello', 'broker-a', 2],
    // A negative remainder loses its sign after the division, not before it.
    ['order-1', 'broker-b', 2],
    ['polygenelubricants', 'broker-a', 0],
    ['消息', 'broker-b', 3],
    ['😀', 'broker-a', 3],
  ])('of "%s" is %s %d, where Java puts it', (key, brokerName, queueId) => {
    expect(queueOfKey(info, key)).toEqual({ topic: 'orders', brokerName, queueId });
  });

  test('counts brokers in the order of their names, whatever the order in the route', () => {
    expect(queueOfKey(publishInfo({ 'broker-b': 4, 'broker-a': 4 }), '消息')).toEqual(queueOfKey(info, '消息'));
  });

  test('is the only one of a topic with a single queue', () => {
    expect(queueOfKey(publishInfo({ 'broker-a': 1 }), 'order-1')?.queueId).toBe(0);
  });

  test('is none of a topic without queues', () => {
    expect(queueOfKey(publishInfo({}), 'order-1')).toBeUndefined();
  });
});

describe('taking turns', () => {
  test('visits every queue once before one comes again, from a random start', () => {
    const { queues } = selection();
    const info = publishInfo({ 'broker-a': 3, 'broker-b': 2 });
    const visited = Array.from({ length: 10 }, () => queues.next(info, undefined));
    expect(new Set(visited.slice(0, 5))).toEqual(new Set(info.queues));
    expect(visited.slice(5)).toEqual(visited.slice(0, 5));
  });

  test('goes on where each topic was', () => {
    const { queues } = selection();
    const orders = publishInfo({ 'broker-a': 2 });
    const stock = publishInfo({ 'broker-a': 2 }, 'stock');
    const first = queues.next(orders, undefined);
    queues.next(stock, undefined);
    expect(queues.next(orders, undefined)).not.toEqual(first);
  });

  test('stays within the queues when there are fewer of them than before', () => {
    const { queues } = selection();
    const many = publishInfo({ 'broker-a': 16 });
    for (let sends = 0; sends < 20; sends++) queues.next(many, undefined);
    const few = publishInfo({ 'broker-a': 2 });
    const visited = Array.from({ length: 4 }, () => queues.next(few, undefined)?.queueId);
    expect(visited.toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('leaves out a broker that rests', () => {
    const { queues, faults } = selection();
    faults.failed('broker-a');
    const info = publishInfo({ 'broker-a': 8, 'broker-b': 1 });
    const visited = Array.from({ length: 5 }, () => queues.next(info, undefined)?.brokerName);
    expect(new Set(visited)).toEqual(new Set(['broker-b']));
  });

  test('leaves out the broker to avoid, even when the others rest', () => {
    const { queues, faults } = selection();
    faults.failed('broker-b');
    expect(queues.next(publishInfo({ 'broker-a': 8, 'broker-b': 1 }), 'broker-a')?.brokerName).toBe('broker-b');
  });

  test('takes a resting broker, and the one to avoid, when there is no other', () => {
    const { queues, faults } = selection();
    faults.failed('broker-a');
    const info = publishInfo({ 'broker-a': 2 });
    const visited = Array.from({ length: 4 }, () => queues.next(info, 'broker-a')?.queueId);
    expect(visited.toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('gives none for a topic without queues', () => {
    expect(selection().queues.next(publishInfo({}), undefined)).toBeUndefined();
  });
});
