import { describe, expect, test } from 'vitest';
import { BrokerPreference, type PreferenceOptions } from '../../../../functions/rocketmq/client/broker-preference.ts';
import { topicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import { publishInfo } from '../producer/publish-info.ts';
import { mappingOf, routeOver } from './routes.ts';

const SIX = { a: 2, b: 2, c: 2, d: 2, e: 2, f: 2 };
const ZONES = { a: 'z1', b: 'z2', c: 'z1', d: 'z2', e: 'z2', f: 'z3' };

/** Broker names in their groups, as one sandbox prefers them. */
function tiersOf(
  options: PreferenceOptions,
  { zone, seed = 1, info = publishInfo(SIX, 'orders', ZONES) }: Sandbox = {},
) {
  const tiers = new BrokerPreference(options, { name: zone }, seed).tiers(info);
  return tiers.map((tier) => [...new Set(tier.map(({ brokerName }) => brokerName))].toSorted());
}

interface Sandbox {
  readonly zone?: string;
  readonly seed?: number;
  readonly info?: ReturnType<typeof publishInfo>;
}

describe('without a preference', () => {
  test('all queues that can be sent to are alike', () => {
    const info = publishInfo(SIX);
    const preference = new BrokerPreference({ brokersPerSandbox: 0 }, { name: undefined });
    expect(preference.isOn).toBe(false);
    expect(preference.tiers(info).map((tier) => tier.map(({ queue }) => queue))).toEqual([info.queues]);
  });

  test('a topic without queues has no group', () => {
    expect(tiersOf({ brokersPerSandbox: 0 }, { info: publishInfo({}) })).toEqual([]);
    expect(tiersOf({ brokersPerSandbox: 2 }, { info: publishInfo({}) })).toEqual([]);
  });

  test('brokers without a master are left out, where an order configuration names them', () => {
    const route = { ...routeOver({ a: { 0: 'a:1' } }), orderTopicConf: 'a:1;b:1' };
    expect(tiersOf({ brokersPerSandbox: 0 }, { info: topicPublishInfo('T', route) })).toEqual([['a']]);
  });
});

describe('with so many brokers a sandbox', () => {
  test('the brokers fall into groups of that size, and none is left out', () => {
    const tiers = tiersOf({ brokersPerSandbox: 4 });
    expect(tiers.map(({ length }) => length)).toEqual([4, 2]);
    expect(tiers.flat().toSorted()).toEqual(Object.keys(SIX));
  });

  test('the same sandbox has the same brokers for every topic and at every look', () => {
    const preference = new BrokerPreference({ brokersPerSandbox: 2 }, { name: undefined });
    const [first = []] = preference.tiers(publishInfo(SIX));
    const [again = []] = preference.tiers(publishInfo(SIX, 'stock'));
    expect(again.map(({ brokerName }) => brokerName)).toEqual(first.map(({ brokerName }) => brokerName));
  });

  test('sandboxes that draw for themselves differ', () => {
    const info = publishInfo(SIX);
    const draws = Array.from({ length: 50 }, () => {
      const [tier = []] = new BrokerPreference({ brokersPerSandbox: 2 }, { name: undefined }).tiers(info);
      return [...new Set(tier.map(({ brokerName }) => brokerName))].join();
    });
    expect(new Set(draws).size).toBeGreaterThan(5);
  });

  test('names that differ in one letter take the first place alike often', () => {
    const names = Array.from({ length: 20 }, (_, index) => `broker-${index}`);
    const info = publishInfo(Object.fromEntries(names.map((name) => [name, 1])));
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 10_000; seed++) {
      const [[first = ''] = []] = tiersOf({ brokersPerSandbox: 1 }, { seed, info });
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    // 500 each, with a standard deviation of 22.
    for (const name of names) expect(Math.abs((counts.get(name) ?? 0) - 500)).toBeLessThan(110);
  });

  test('more than there are make one group', () => {
    expect(tiersOf({ brokersPerSandbox: 50 })).toEqual([Object.keys(SIX)]);
  });

  test('a static topic is cut by the brokers that have its queues, less those that none has', () => {
    const route = {
      ...routeOver({ a: { 0: 'a:1' }, b: { 0: 'b:1' } }),
      topicQueueMappingByBroker: { a: mappingOf('a', { 0: 0, 1: 1 }), b: mappingOf('b', { 2: 0, 3: 1 }) },
    };
    const tiers = new BrokerPreference({ brokersPerSandbox: 1 }, { name: undefined }, 1).tiers(
      topicPublishInfo('T', route),
    );
    const ids = tiers.map((tier) => tier.map(({ queue }) => queue.queueId));
    expect(ids.toSorted()).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
});

describe('with a zone', () => {
  test('its brokers come first, all others after them', () => {
    expect(tiersOf({ brokersPerSandbox: 0 }, { zone: 'z2' })).toEqual([
      ['b', 'd', 'e'],
      ['a', 'c', 'f'],
    ]);
  });

  test('that no broker is in, all are alike', () => {
    expect(tiersOf({ brokersPerSandbox: 0 }, { zone: 'z9' })).toEqual([Object.keys(SIX)]);
  });

  test('and so many brokers a sandbox, the first ones are drawn inside the zone', () => {
    for (let seed = 0; seed < 20; seed++) {
      const tiers = tiersOf({ brokersPerSandbox: 2 }, { zone: 'z2', seed });
      expect(tiers.map(({ length }) => length)).toEqual([2, 1, 2, 1]);
      expect([...(tiers[0] ?? []), ...(tiers[1] ?? [])].toSorted()).toEqual(['b', 'd', 'e']);
    }
  });

  test('and more brokers a sandbox than it has, those of the zone are enough while they work', () => {
    expect(tiersOf({ brokersPerSandbox: 5 }, { zone: 'z1' })).toEqual([
      ['a', 'c'],
      ['b', 'd', 'e', 'f'],
    ]);
  });

  test('the zones given count, and those of the route for brokers without one', () => {
    const brokerZones = { a: 'z2', b: 'z1' };
    expect(tiersOf({ brokersPerSandbox: 0, brokerZones }, { zone: 'z2' })).toEqual([
      ['a', 'd', 'e'],
      ['b', 'c', 'f'],
    ]);
  });
});
