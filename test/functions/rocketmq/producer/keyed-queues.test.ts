import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { BrokerAbsences } from '../../../../functions/rocketmq/client/broker-absences.ts';
import { type TopicPublishInfo, topicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import { TopicRouteTable } from '../../../../functions/rocketmq/client/topic-route-table.ts';
import { javaStringHash, KeyedQueues } from '../../../../functions/rocketmq/producer/keyed-queues.ts';
import type { TopicRouteData } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { mappingOf, routeOver } from '../client/routes.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { publishInfo } from './publish-info.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

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
  const queueOf = (of: TopicPublishInfo, key: string) => new KeyedQueues(new BrokerAbsences(), 'fail').queueOf(of, key);

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
  const places = (queues: KeyedQueues, info: TopicPublishInfo) => keys.map((key) => queues.queueOf(info, key));

  /** A producer's queues, and what name servers tell it. */
  function start(onQueueLost: 'fail' | 'rehash' = 'fail') {
    const absences = new BrokerAbsences();
    const queues = new KeyedQueues(absences, onQueueLost);
    const tell = (info: TopicPublishInfo, at: number) => absences.note(info.topic, info.brokerNames, at);
    return { tell, placesOf: (info: TopicPublishInfo) => places(queues, info) };
  }
  const placesWithout = (info: TopicPublishInfo) => places(new KeyedQueues(new BrokerAbsences(), 'fail'), info);

  test('stays what it was, also where it is one of that broker', () => {
    const { tell, placesOf } = start();
    tell(both, 0);
    const before = placesOf(both);
    tell(rest, 30_000);
    expect(placesOf(rest)).toEqual(before);
    expect(before.some((queue) => queue?.brokerName === 'broker-b')).toBe(true);
  });

  test('moves to the queues that are left when name servers have not told of the broker for ten minutes', () => {
    const { tell, placesOf } = start();
    tell(both, 0);
    const before = placesOf(both);
    for (let at = 30_000; at < 630_000; at += 30_000) tell(rest, at);
    tell(rest, 629_999);
    expect(placesOf(rest)).toEqual(before);
    tell(rest, 630_000);
    expect(placesOf(rest)).toEqual(placesWithout(rest));
  });

  test('is one of the queues there are when the topic was deleted, and made anew without the broker', () => {
    const table = new TopicRouteTable();
    const queues = new KeyedQueues(table.absences, 'fail');
    const learn = (brokers: Readonly<Record<string, Readonly<Record<string, string>>>>, writeQueueNums: number) => {
      table.update('T', routeOver(brokers, { writeQueueNums }), 0);
      return table.get('T')?.publishInfo ?? both;
    };
    places(queues, learn({ 'broker-a': { 0: '10.0.0.1:10911' }, 'broker-b': { 0: '10.0.0.2:10911' } }, 4));
    table.markMissing('T');
    table.deleteIfMissing('T');
    const anew = learn({ 'broker-a': { 0: '10.0.0.1:10911' } }, 2);
    expect(places(queues, anew)).toEqual(placesWithout(anew));
  });

  test.each([
    ['before the first answer without the broker', [3_600_000]],
    ['between two answers without it', [30_000, 3_600_000]],
  ])('stays when nobody asked for a long time %s', (_when, instants) => {
    const { tell, placesOf } = start();
    tell(both, 0);
    const before = placesOf(both);
    for (const at of instants) tell(rest, at);
    expect(placesOf(rest)).toEqual(before);
  });

  test('counts the ten minutes anew when the broker was back in between, whether anything was sent then or not', () => {
    const { tell, placesOf } = start();
    tell(both, 0);
    const before = placesOf(both);
    tell(rest, 30_000);
    placesOf(rest);
    tell(publishInfo({ 'broker-a': 4, 'broker-b': 4 }), 500_000);
    tell(rest, 1_000_000);
    expect(placesOf(rest)).toEqual(before);
  });

  test('still counts those of a broker that is away for a moment when another is gone for good', () => {
    const three = publishInfo({ 'broker-a': 4, 'broker-b': 4, 'broker-c': 4 });
    const { tell, placesOf } = start();
    tell(three, 0);
    placesOf(three);
    for (let at = 30_000; at <= 630_000; at += 60_000) tell(both, at);
    tell(rest, 640_000);
    expect(placesOf(rest)).toEqual(placesWithout(both));
  });

  test('moves at once where the producer is told to rehash', () => {
    const { tell, placesOf } = start('rehash');
    tell(both, 0);
    placesOf(both);
    tell(rest, 1);
    expect(placesOf(rest).every((queue) => queue?.brokerName === 'broker-a')).toBe(true);
  });

  test('moves at once too where an order configuration names queues of that broker', () => {
    const orderTopicConf = 'broker-a:4;broker-b:4';
    const info = topicPublishInfo('orders', { ...routeOver({ 'broker-a': { 0: 'a:1' } }), orderTopicConf });
    const { placesOf } = start('rehash');
    expect(placesOf(info)).toEqual(placesWithout(rest));
    expect(start('fail').placesOf(info)).toEqual(placesWithout(both));
  });

  test('follows a changed number of queues at once: no broker is missing', () => {
    const { placesOf } = start();
    placesOf(both);
    const more = publishInfo({ 'broker-a': 8, 'broker-b': 8 });
    expect(placesOf(more)).toEqual(placesWithout(more));
  });
});

describe('the queue of a sharding key of a static topic', () => {
  const keys = Array.from({ length: 40 }, (_, index) => `order-${index}`);
  const ofA = mappingOf('broker-a', { 0: 0, 1: 1, 2: 2, 3: 3 });
  const ofB = mappingOf('broker-b', { 4: 0, 5: 1, 6: 2, 7: 3 });
  const route = routeOver({ 'broker-a': { 0: '10.0.0.1:10911' }, 'broker-b': { 0: '10.0.0.2:10911' } });
  const withoutB = routeOver({ 'broker-a': { 0: '10.0.0.1:10911' } });
  const mapped = (topicQueueMappingByBroker: TopicRouteData['topicQueueMappingByBroker'], on = route) =>
    topicPublishInfo('T', { ...on, topicQueueMappingByBroker });
  const both = mapped({ a: ofA, b: ofB });

  /** The ids of the keys' queues, for a producer that learns of one route after the other. */
  function idsOn(infos: readonly TopicPublishInfo[], onQueueLost: 'fail' | 'rehash' = 'fail') {
    const absences = new BrokerAbsences();
    const queues = new KeyedQueues(absences, onQueueLost);
    return infos.map((info, index) => {
      absences.note(info.topic, info.brokerNames, index * 60_000);
      return keys.map((key) => queues.queueOf(info, key)?.queueId);
    });
  }

  test('stays what it was while a name server has no mapping of the broker that is down, however long that is', () => {
    const [before, ...later] = idsOn([both, ...Array.from({ length: 20 }, () => mapped({ a: ofA }, withoutB))]);
    expect(new Set(before)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(later).toEqual(Array(20).fill(before));
  });

  test('is the same for a producer that begins while the mapping is not there', () => {
    expect(idsOn([mapped({ a: ofA }, withoutB)])).toEqual(idsOn([both]));
  });

  test.each([
    ['no name server has its mapping', mapped({ a: ofA }, withoutB)],
    ['a name server still has its mapping', mapped({ a: ofA, b: ofB }, withoutB)],
  ])('is one of a broker at hand where the producer is told to rehash, when %s', (_when, info) => {
    const [before, later] = idsOn([both, info], 'rehash');
    expect(before).toEqual(idsOn([both])[0]);
    expect(new Set(later)).toEqual(new Set([0, 1, 2, 3]));
  });

  test('is where it belongs, also where the producer is told to rehash, when no broker is at hand', () => {
    expect(idsOn([mapped({ a: ofA, b: ofB }, routeOver({}))], 'rehash')).toEqual(idsOn([both]));
  });
});

describe('a sharding key of a broker that is down for a moment', () => {
  const ofBrokerB = 'order-1';

  async function start() {
    const clock = new GivenClock();
    const started = await startProducer({ cluster: TWO_BROKERS, client: { clock } });
    /** An invocation that begins so much later and does its due work, and may send. */
    const invocation = async <T>(afterMs: number, work: () => Promise<T>): Promise<T> => {
      clock.advance(afterMs);
      const upkeep = await started.client.beginInvocation(deadlineAfter(10_000));
      try {
        return await work();
      } finally {
        await upkeep.end();
      }
    };
    const send = async () => {
      const { queue } = await started.producer.send({ topic: TOPIC, body: 'x', shardingKey: ofBrokerB });
      return `${queue.brokerName} ${queue.queueId}`;
    };
    return { ...started, invocation, send };
  }

  test('stays on its queue through a freeze, in which the broker came back', async () => {
    const { cluster, invocation, send, ...started } = await start();
    await using _ = started;
    const before = await invocation(0, send);
    expect(before).toMatch(/^broker-b /);
    await cluster.broker('broker-b').stop();
    await invocation(31_000, async () => undefined);
    expect(await invocation(0, () => rejectionOf(send()))).toMatchObject({ outcome: 'notSent' });
    await cluster.broker('broker-b').start();
    expect(await invocation(900_000, send)).toBe(before);
    expect(await invocation(0, send)).toBe(before);
  });

  test('fails in its second short outage too, long after the first, with nothing sent under the key in between', async () => {
    const { cluster, invocation, send, producer, ...started } = await start();
    await using _ = started;
    await invocation(0, send);
    await cluster.broker('broker-b').stop();
    await invocation(31_000, async () => undefined);
    expect(await invocation(0, () => rejectionOf(send()))).toMatchObject({ outcome: 'notSent' });
    await cluster.broker('broker-b').start();
    for (let count = 0; count < 40; count++) {
      await invocation(31_000, () => producer.send({ topic: TOPIC, body: 'without a key' }));
    }
    await cluster.broker('broker-b').stop();
    await invocation(31_000, async () => undefined);
    expect(await invocation(0, () => rejectionOf(send()))).toMatchObject({ outcome: 'notSent' });
  });
});
