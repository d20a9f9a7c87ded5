import { describe, expect, test } from 'vitest';
import { BrokerPreference } from '../../../../functions/rocketmq/client/broker-preference.ts';
import { topicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import { FaultStrategy } from '../../../../functions/rocketmq/producer/fault-strategy.ts';
import { QueueSelection } from '../../../../functions/rocketmq/producer/queue-selection.ts';
import { mappingOf, routeOver } from '../client/routes.ts';
import { publishInfo } from './publish-info.ts';

function selection(brokersPerSandbox = 0, zone?: string): { queues: QueueSelection; faults: FaultStrategy } {
  const faults = new FaultStrategy({ now: () => 0 });
  const preference = new BrokerPreference({ brokersPerSandbox }, { name: zone });
  return { queues: new QueueSelection(faults, preference), faults };
}

/** The brokers of the next so many queues. */
function brokersOf(queues: QueueSelection, info: ReturnType<typeof publishInfo>, count: number): Set<string> {
  return new Set(Array.from({ length: count }, () => queues.next(info, undefined)?.brokerName ?? 'none'));
}

describe('taking turns', () => {
  test('visits every queue once before one comes again, from a random start', () => {
    const { queues } = selection();
    const info = publishInfo({ 'broker-a': 3, 'broker-b': 2 });
    const visited = Array.from({ length: 10 }, () => queues.next(info, undefined)?.queue);
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
    const visited = Array.from({ length: 4 }, () => queues.next(few, undefined)?.queue.queueId);
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
    const visited = Array.from({ length: 4 }, () => queues.next(info, 'broker-a')?.queue.queueId);
    expect(visited.toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('takes a broker that is unfit after all others, also those that rest and the one to avoid', () => {
    const { queues, faults } = selection();
    const info = publishInfo({ 'broker-a': 8, 'broker-b': 1, 'broker-c': 1 });
    faults.failed('broker-b');
    faults.failed('broker-c');
    expect(queues.next(info, 'broker-b', ['broker-a'])?.brokerName).toBe('broker-c');
    expect(queues.next(info, 'broker-b', ['broker-a', 'broker-c'])?.brokerName).toBe('broker-b');
    expect(queues.next(info, 'broker-b', ['broker-a', 'broker-b', 'broker-c'])).toBeDefined();
  });

  test('gives none for a topic without queues', () => {
    expect(selection().queues.next(publishInfo({}), undefined)).toBeUndefined();
  });
});

describe('of a static topic', () => {
  const route = {
    ...routeOver({ 'broker-a': { 0: '10.0.0.1:10911' }, 'broker-b': { 0: '10.0.0.2:10911' } }),
    topicQueueMappingByBroker: {
      'broker-a': mappingOf('broker-a', { 0: 0, 2: 1 }, { totalQueues: 6 }),
      'broker-b': mappingOf('broker-b', { 1: 0, 3: 1 }, { totalQueues: 6 }),
    },
  };
  const info = topicPublishInfo('orders', route);

  test('the queues of a broker that rests are left out', () => {
    const { queues, faults } = selection();
    faults.failed('broker-a');
    const visited = Array.from({ length: 4 }, () => queues.next(info, undefined)?.queue.queueId);
    expect(visited.toSorted()).toEqual([1, 1, 3, 3]);
  });

  test('the queues of the broker to avoid are left out', () => {
    const { queues } = selection();
    const visited = Array.from({ length: 4 }, () => queues.next(info, 'broker-b')?.queue.queueId);
    expect(visited.toSorted()).toEqual([0, 0, 2, 2]);
  });

  test('the queues that no broker has are left out, also when all brokers that have some failed', () => {
    const { queues, faults } = selection();
    const visit = () => Array.from({ length: 8 }, () => queues.next(info, undefined)?.queue.queueId).toSorted();
    expect(visit()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    for (const brokerName of ['broker-a', 'broker-b']) faults.failed(brokerName);
    expect(visit()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  test('there is none to take when no broker has one', () => {
    const { queues } = selection();
    const topicQueueMappingByBroker = { 'broker-a': mappingOf('broker-a', {}) };
    expect(queues.next(topicPublishInfo('orders', { ...route, topicQueueMappingByBroker }), undefined)).toBeUndefined();
  });
});

test('of an order configuration, queues of brokers that are gone are left out', () => {
  const { queues } = selection();
  const route = routeOver({ 'broker-a': { 0: '10.0.0.1:10911' } });
  const info = topicPublishInfo('orders', { ...route, orderTopicConf: 'broker-a:2;broker-b:2' });
  expect(brokersOf(queues, info, 8)).toEqual(new Set(['broker-a']));
});

describe('with preferred brokers', () => {
  const five = publishInfo({ a: 2, b: 2, c: 2, d: 2, e: 2 });

  test('only those are used while they work', () => {
    const { queues } = selection(2);
    const used = brokersOf(queues, five, 40);
    expect(used.size).toBe(2);
    expect(brokersOf(queues, five, 40)).toEqual(used);
  });

  test('one that failed leaves the sends to the others of them, and to no more brokers', () => {
    const { queues, faults } = selection(2);
    const [first = '', second = ''] = brokersOf(queues, five, 40);
    faults.failed(first);
    expect(brokersOf(queues, five, 40)).toEqual(new Set([second]));
  });

  test('when all of them failed, as many others are used, until they are back', () => {
    const { queues, faults } = selection(2);
    const used = brokersOf(queues, five, 40);
    for (const brokerName of used) faults.failed(brokerName);
    const others = brokersOf(queues, five, 40);
    expect(others.size).toBe(2);
    expect([...others].filter((name) => used.has(name))).toEqual([]);
    for (const brokerName of used) faults.answered(brokerName, 1);
    expect(brokersOf(queues, five, 40)).toEqual(used);
  });

  test('when all of them are slow, they are used all the same: more connections would not make them faster', () => {
    const { queues, faults } = selection(2);
    const used = brokersOf(queues, five, 40);
    for (const brokerName of used) faults.answered(brokerName, 1000);
    expect(brokersOf(queues, five, 40)).toEqual(used);
  });

  test('the only one of them is left for another broker when it is to be avoided', () => {
    const { queues } = selection(1);
    const [used = ''] = brokersOf(queues, five, 10);
    expect(queues.next(five, used)?.brokerName).not.toBe(used);
  });

  test('every broker is tried before none is', () => {
    const { queues, faults } = selection(2);
    const failed = new Set<string>();
    for (let count = 0; count < 5; count++) {
      const brokerName = queues.next(five, undefined)?.brokerName ?? '';
      failed.add(brokerName);
      faults.failed(brokerName);
    }
    expect(failed.size).toBe(5);
    expect(queues.next(five, undefined)).toBeDefined();
  });

  test('a route without one of them puts the next in its place and keeps the other', () => {
    const { queues } = selection(2);
    const [first = '', second = ''] = brokersOf(queues, five, 40);
    const left = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].filter((name) => name !== first).map((name) => [name, 2]),
    );
    const now = brokersOf(queues, publishInfo(left), 40);
    expect(now.size).toBe(2);
    expect(now).toContain(second);
  });

  test('those of the own zone are used, others when they failed', () => {
    const zones = { a: 'z1', b: 'z2', c: 'z1', d: 'z2', e: 'z3' };
    const { queues, faults } = selection(0, 'z2');
    const info = publishInfo({ a: 2, b: 2, c: 2, d: 2, e: 2 }, 'orders', zones);
    expect(brokersOf(queues, info, 40)).toEqual(new Set(['b', 'd']));
    faults.failed('b');
    faults.failed('d');
    expect(brokersOf(queues, info, 40)).toEqual(new Set(['a', 'c', 'e']));
  });

  test('a zone that becomes known later counts from then on', () => {
    const sandboxZone: { name: string | undefined } = { name: undefined };
    const preference = new BrokerPreference({ brokersPerSandbox: 0 }, sandboxZone);
    const queues = new QueueSelection(new FaultStrategy({ now: () => 0 }), preference);
    const info = publishInfo({ a: 2, b: 2 }, 'orders', { a: 'z1', b: 'z2' });
    expect(brokersOf(queues, info, 8)).toEqual(new Set(['a', 'b']));
    sandboxZone.name = 'z2';
    expect(brokersOf(queues, info, 8)).toEqual(new Set(['b']));
  });
});
