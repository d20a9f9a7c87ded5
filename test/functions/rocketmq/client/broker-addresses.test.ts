import { describe, expect, test } from 'vitest';
import { reachableRoute } from '../../../../functions/rocketmq/client/broker-addresses.ts';
import { routeOver } from './routes.ts';

const addrsOf = (
  brokerAddrs: Readonly<Record<string, string>>,
  options: Partial<Parameters<typeof reachableRoute>[1]>,
) =>
  reachableRoute(routeOver({ a: brokerAddrs }), { addressMap: undefined, vipChannel: false, ...options }).brokerDatas[0]
    ?.brokerAddrs;

describe('the addresses of a route', () => {
  test('stay as they are where nothing is to be changed', () => {
    const route = routeOver({ a: { 0: '10.0.0.1:10911' } });
    expect(reachableRoute(route, { addressMap: undefined, vipChannel: false })).toBe(route);
  });

  test('are replaced where they are mapped, and have a port two below where they are not', () => {
    const addressMap = { '10.0.0.1:10911': 'outside:1' };
    expect(addrsOf({ 0: '10.0.0.1:10911', 1: '[::1]:10911' }, { addressMap, vipChannel: true })).toEqual({
      0: 'outside:1',
      1: '[::1]:10909',
    });
  });

  test.each(['broker-b', 'b:', 'b:x', '', 'b:2', 'b:1'])(
    'are left alone when two below %j is no address: its broker cannot be reached, others can',
    (addr) => {
      expect(addrsOf({ 0: addr, 1: '10.0.0.1:10911' }, { vipChannel: true })).toEqual({ 0: addr, 1: '10.0.0.1:10909' });
    },
  );
});
