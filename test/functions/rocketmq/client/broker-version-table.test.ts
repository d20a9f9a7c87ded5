import { expect, test } from 'vitest';
import { BrokerVersionTable } from '../../../../functions/rocketmq/client/broker-version-table.ts';

test('the version of a broker is that of its newest answer, and unknown before the first', () => {
  const table = new BrokerVersionTable();
  expect(table.get('a:1')).toBeUndefined();
  table.record('a:1', 403);
  table.record('a:1', 513);
  expect(table.get('a:1')).toBe(513);
  table.delete('a:1');
  expect(table.get('a:1')).toBeUndefined();
});
