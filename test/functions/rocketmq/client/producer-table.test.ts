import { expect, test } from 'vitest';
import { ProducerTable } from '../../../../functions/rocketmq/client/producer-table.ts';
import { OptionsError } from '../../../../functions/rocketmq/errors.ts';

test('a group is registered once, and can be registered again when it was taken off', () => {
  const table = new ProducerTable<string>();
  table.register('orders', 'one');
  table.register('billing', 'two');
  expect(() => table.register('orders', 'three')).toThrow(OptionsError);
  expect(() => table.register('orders', 'three')).toThrow('group "orders" has a producer on this client already');
  expect(table.groups).toEqual(['orders', 'billing']);
  table.unregister('orders');
  table.register('orders', 'four');
  expect(table.groups).toEqual(['billing', 'orders']);
});
