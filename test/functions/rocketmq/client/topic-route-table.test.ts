import { describe, expect, test } from 'vitest';
import { TopicRouteTable } from '../../../../functions/rocketmq/client/topic-route-table.ts';
import { routeOver } from './routes.ts';

const twoBrokers = { a: { 0: 'a:1', 1: 'a:2' }, b: { 0: 'b:1' } };

describe('a refreshed route', () => {
  test('that equals the one before leaves it in place, so that what is tied to it lives on', () => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    const before = table.get('T');
    table.update('T', routeOver(twoBrokers), 0);
    expect(table.get('T')).toBe(before);
  });

  test('that lists the same in another order, as another name server does, leaves it in place too', () => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    const before = table.get('T')?.publishInfo;
    const { queueDatas, brokerDatas, ...rest } = routeOver({ b: { 0: 'b:1' }, a: { 1: 'a:2', 0: 'a:1' } });
    table.update('T', { ...rest, queueDatas, brokerDatas: brokerDatas.toReversed() }, 0);
    expect(table.get('T')?.publishInfo).toBe(before);
  });

  test.each([
    ['an address', routeOver({ ...twoBrokers, b: { 0: 'b:9' } })],
    ['a broker', routeOver({ a: twoBrokers.a })],
    ['a permission', routeOver(twoBrokers, { perm: 4 })],
    ['a number of queues', routeOver(twoBrokers, { writeQueueNums: 8 })],
  ])('that differs in %s is swapped as a whole', (_what, route) => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    const before = table.get('T');
    table.update('T', route, 0);
    expect(table.get('T')?.data).toEqual(route);
    // Whoever holds the old one goes on seeing all of it, and nothing of the new one.
    expect(before?.data).toEqual(routeOver(twoBrokers));
  });
});

describe('a topic the name servers do not know any more', () => {
  test('keeps its route, because a restarted name server knows nothing for a while', () => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    const { publishInfo } = table.get('T') ?? {};
    table.markMissing('T');
    expect(table.get('T')).toMatchObject({ isConfirmed: false });
    expect(table.get('T')?.publishInfo).toBe(publishInfo);
  });

  test('keeps its brokers: their sockets are not cleaned up under sends that go on', () => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    table.markMissing('T');
    expect([...table.brokerAddrs().keys()]).toEqual(['a', 'b']);
  });

  test('is forgotten when its broker denies it too', () => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    table.deleteIfMissing('T');
    expect(table.get('T')).toBeDefined();
    table.markMissing('T');
    table.deleteIfMissing('T');
    expect(table.get('T')).toBeUndefined();
    expect(table.topics).toEqual([]);
  });

  test('is as good as before when a name server knows it again', () => {
    const table = new TopicRouteTable();
    table.update('T', routeOver(twoBrokers), 0);
    table.markMissing('T');
    table.update('T', routeOver(twoBrokers), 0);
    expect(table.get('T')?.isConfirmed).toBe(true);
    table.deleteIfMissing('T');
    expect(table.get('T')).toBeDefined();
  });

  test('is not invented by being denied', () => {
    const table = new TopicRouteTable();
    table.markMissing('never seen');
    expect(table.topics).toEqual([]);
  });
});
