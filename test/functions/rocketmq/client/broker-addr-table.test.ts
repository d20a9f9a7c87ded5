import { describe, expect, test } from 'vitest';
import { BrokerAddrTable } from '../../../../functions/rocketmq/client/broker-addr-table.ts';

function tableOf(brokers: Record<string, Record<string, string>>): BrokerAddrTable {
  const table = new BrokerAddrTable();
  for (const [brokerName, addrs] of Object.entries(brokers)) table.update(brokerName, addrs);
  return table;
}

const routed = (addrs: Record<string, string[]>) =>
  new Map(Object.entries(addrs).map(([brokerName, all]) => [brokerName, new Set(all)]));

describe('the broker address table', () => {
  test('knows the master of a broker by its id 0, and none where there is none', () => {
    const table = tableOf({ a: { 0: 'a:1', 1: 'a:2' }, b: { 1: 'b:2' } });
    expect(table.masterAddr('a')).toBe('a:1');
    expect(table.masterAddr('b')).toBeUndefined();
    expect(table.masterAddr('c')).toBeUndefined();
    expect(table.masters).toEqual(['a:1']);
  });

  test('drops brokers and addresses that no route has, and tells which went', () => {
    const table = tableOf({ a: { 0: 'a:1', 1: 'a:2' }, b: { 0: 'b:1' } });
    table.update('a', { 0: 'a:1' });
    const gone = table.retain(routed({ a: ['a:1'] }));
    expect(gone.toSorted()).toEqual(['a:2', 'b:1']);
    expect([...table.all]).toEqual(['a:1']);
  });

  test('does not tell an address gone that another broker of the routes has now', () => {
    const table = tableOf({ old: { 0: 'x:1' } });
    table.update('new', { 0: 'x:1' });
    expect(table.retain(routed({ new: ['x:1'] }))).toEqual([]);
  });

  test('keeps what the freshest route said of a broker, whatever older routes have; what those name has not gone', () => {
    const table = tableOf({ a: { 0: 'a:1' } });
    table.update('a', { 0: 'a:9' });
    expect(table.retain(routed({ a: ['a:1', 'a:9'] }))).toEqual([]);
    expect(table.masterAddr('a')).toBe('a:9');
    expect(table.retain(routed({ a: ['a:9'] }))).toEqual(['a:1']);
  });

  test('tells once that the address went which a fresh route replaced', () => {
    const table = tableOf({ a: { 0: 'a:1', 1: 'a:2' } });
    table.update('a', { 0: 'a:9', 1: 'a:2' });
    const routes = routed({ a: ['a:9', 'a:2'] });
    expect(table.retain(routes)).toEqual(['a:1']);
    expect(table.retain(routes)).toEqual([]);
  });
});
