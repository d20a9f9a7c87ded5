import { describe, expect, test } from 'vitest';
import {
  brokerNameOf,
  noPlaceReason,
  placeOf,
  topicPublishInfo,
} from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import type { TopicQueueMapping } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { mappingOf, routeOver } from './routes.ts';

describe('the queues that can be written', () => {
  test('are grouped by broker in the order of names, whatever the order of the route', () => {
    const route = routeOver({ 'broker-b': { 0: '10.0.0.2:10911' }, 'broker-a': { 0: '10.0.0.1:10911' } });
    const info = topicPublishInfo('T', {
      ...route,
      queueDatas: route.queueDatas.map((q) => ({ ...q, writeQueueNums: 2 })),
    });
    expect(info.queues.map(({ topic, brokerName, queueId }) => `${topic} ${brokerName} ${queueId}`)).toEqual([
      'T broker-a 0',
      'T broker-a 1',
      'T broker-b 0',
      'T broker-b 1',
    ]);
    expect([...info.masterAddrs]).toEqual([
      ['broker-a', '10.0.0.1:10911'],
      ['broker-b', '10.0.0.2:10911'],
    ]);
    expect(info.emptyReason).toBeUndefined();
  });

  test('leave out brokers that are read-only, have no master, or no write queue; the others are used', () => {
    const route = routeOver({
      good: { 0: 'g:1', 1: 'g:2' },
      headless: { 1: 'h:1' },
      'read-only': { 0: 'r:1' },
      shrunk: { 0: 's:1' },
    });
    const queueDatas = route.queueDatas.map((queueData) => {
      if (queueData.brokerName === 'read-only') return { ...queueData, perm: 4 };
      return queueData.brokerName === 'shrunk' ? { ...queueData, writeQueueNums: 0 } : queueData;
    });
    const info = topicPublishInfo('T', { ...route, queueDatas });
    expect(new Set(info.queues.map(({ brokerName }) => brokerName))).toEqual(new Set(['good']));
    expect([...info.masterAddrs.values()]).toEqual(['g:1']);
    expect([...info.allMasterAddrs.values()]).toEqual(['g:1', 'r:1', 's:1']);
    expect(info.emptyReason).toBeUndefined();
  });

  test('leave out brokers that the route lists queues of, but no addresses', () => {
    const info = topicPublishInfo('T', { ...routeOver({ a: { 0: 'a:1' } }), brokerDatas: [] });
    expect(info.queues).toEqual([]);
    expect(info.emptyReason).toBe('a has no master now');
  });

  test.each([
    ['read-only', routeOver({ a: { 0: 'a:1' } }, { perm: 4 }), 'a has permission 4, without write'],
    ['without a master', routeOver({ a: { 1: 'a:1' } }), 'a has no master now'],
    ['without write queues', routeOver({ a: { 0: 'a:1' } }, { writeQueueNums: 0 }), 'a has 0 write queues'],
    [
      'of more queues than can be',
      routeOver({ a: { 0: 'a:1' } }, { writeQueueNums: 2_000_000_000 }),
      'a has 2000000000 write queues, and no topic has over 100000',
    ],
    ['empty', routeOver({}), 'its route lists no queue'],
    ['useless in several ways', routeOver({ a: { 1: 'a:1' }, b: {} }), 'a has no master now, b has no master now'],
  ])('are none when the route is %s, and the reason is told', (_kind, route, reason) => {
    const info = topicPublishInfo('T', route);
    expect(info.queues).toEqual([]);
    expect(info.emptyReason).toBe(reason);
  });

  test('leave out a broker that tells of more queues than can be, with or without an order configuration', () => {
    const route = routeOver({ a: { 0: 'a:1' }, b: { 0: 'b:1' }, c: { 0: 'c:1' } });
    const counts = [4, 2_000_000_000, 4];
    const queueDatas = route.queueDatas.map((queueData, index) => ({
      ...queueData,
      writeQueueNums: counts[index] ?? 0,
    }));
    const confs = [undefined, 'a:4;b:2000000000;c:4'];
    for (const orderTopicConf of confs) {
      const info = topicPublishInfo('T', { ...route, queueDatas, orderTopicConf });
      expect(info.queues.map(({ brokerName }) => brokerName).join('')).toBe('aaaacccc');
    }
  });

  test('are so many altogether that they fit into memory, however often a route names a broker', () => {
    const route = routeOver({ a: { 0: 'a:1' } }, { writeQueueNums: 60_000 });
    const queueDatas = Array.from({ length: 1000 }, () => route.queueDatas).flat();
    expect(topicPublishInfo('T', { ...route, queueDatas }).queues).toHaveLength(60_000);
    const orderTopicConf = Array(1000).fill('a:60000').join(';');
    expect(topicPublishInfo('T', { ...route, orderTopicConf }).queues).toHaveLength(60_000);
  });

  test('come with the zones of those brokers that tell one', () => {
    const route = routeOver({ a: { 0: 'a:1' }, b: { 0: 'b:1' }, c: { 0: 'c:1' } });
    const names = ['use1-az1', undefined, ''];
    const brokerDatas = route.brokerDatas.map((broker, index) => ({ ...broker, zoneName: names[index] }));
    const info = topicPublishInfo('T', { ...route, brokerDatas } as typeof route);
    expect([...info.zones]).toEqual([['a', 'use1-az1']]);
  });

  test('do not change the route they were made from', () => {
    const route = routeOver({ b: { 0: 'b:1' }, a: { 0: 'a:1' } });
    const before = structuredClone(route);
    topicPublishInfo('T', route);
    expect(route).toEqual(before);
  });
});

describe('the queues of a static topic', () => {
  const route = routeOver({ a: { 0: 'a:1' }, b: { 0: 'b:1' } });
  const infoOf = (...mappings: readonly TopicQueueMapping[]) =>
    topicPublishInfo('T', {
      ...route,
      topicQueueMappingByBroker: Object.fromEntries(mappings.map((mapping) => [mapping.bname, mapping])),
    });
  const ofA = mappingOf('a', { 0: 0, 1: 1, 2: 2, 3: 3 });
  const ofB = mappingOf('b', { 4: 0, 5: 1, 6: 2, 7: 3 });
  const idsOf = ({ queues }: ReturnType<typeof infoOf>) => queues.map(({ queueId }) => queueId);
  const brokersOf = (info: ReturnType<typeof infoOf>) => info.queues.map((queue) => brokerNameOf(info, queue) ?? '-');

  test('are the logical ones by their ids, of one logical broker, each with the broker that has it', () => {
    const info = infoOf(ofB, ofA);
    expect(idsOf(info)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(brokersOf(info).join('')).toBe('aaaabbbb');
    expect([...info.brokerNames]).toEqual(['__syslo__global__']);
    expect(info.queues.map((queue) => placeOf(info, queue)?.addr)).toEqual([
      ...Array(4).fill('a:1'),
      ...Array(4).fill('b:1'),
    ]);
  });

  test('are as many when a name server has no mapping of one of their brokers: those are there, without a broker', () => {
    const info = infoOf(ofA);
    expect(info.queues).toEqual(infoOf(ofA, ofB).queues);
    expect(info.brokerNames).toEqual(infoOf(ofA, ofB).brokerNames);
    expect(brokersOf(info).join('')).toBe('aaaa----');
    expect(info.queues.slice(4).map((queue) => placeOf(info, queue))).toEqual(Array(4).fill(undefined));
    expect(info.emptyReason).toBeUndefined();
  });

  test('are as many as the mapping says that tells of most, as Java counts them', () => {
    const info = infoOf({ ...ofA, totalQueues: 2 }, mappingOf('b', { 0: 0, 9: 1 }, { totalQueues: 3, epoch: 2 }));
    expect(brokersOf(info).join('')).toBe('baa');
  });

  test('are where the newer mapping has them', () => {
    const newer = mappingOf('b', { 0: 0, 1: 1 }, { epoch: 2 });
    expect(brokersOf(infoOf(ofA, newer)).join('')).toBe('bbaa----');
    expect(brokersOf(infoOf(newer, ofA)).join('')).toBe('bbaa----');
  });

  test('are those of the other mappings where one tells of more than can be, and none without others', () => {
    const broken = mappingOf('b', { 4: 0 }, { totalQueues: 2_000_000_000, epoch: 2 });
    expect(brokersOf(infoOf(ofA, broken)).join('')).toBe('aaaa----');
    const alone = infoOf(broken);
    expect(alone.queues).toEqual([]);
    expect(alone.emptyReason).toBe('b tells of 2000000000 logical queues, and no topic has over 100000');
  });

  test('are none when no mapping tells of one, and the reason is told', () => {
    expect(infoOf(mappingOf('a', {}, { totalQueues: 0 })).emptyReason).toBe('its static mapping has no queue');
  });

  test('and why one of them cannot be sent to, is told', () => {
    const info = topicPublishInfo('T', {
      ...route,
      brokerDatas: route.brokerDatas.slice(0, 1),
      topicQueueMappingByBroker: { b: mappingOf('b', { 4: 0 }) },
    });
    const [unmapped, , , , ofBrokerB] = info.queues;
    expect(noPlaceReason(info, unmapped)).toBe('no broker has its logical queue 0 now');
    expect(noPlaceReason(info, ofBrokerB)).toBe('the master of b, which has queue 4, is gone');
    expect(noPlaceReason(info, undefined)).toBe('none of its brokers has a master now');
    expect(noPlaceReason(infoOf(mappingOf('a', {})), undefined)).toBe('no broker has any of its 8 logical queues now');
  });
});
