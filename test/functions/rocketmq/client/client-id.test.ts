import { expect, test } from 'vitest';
import { newClientId } from '../../../../functions/rocketmq/client/client-id.ts';

test('a client id is address, pid and 64 random bits, drawn anew each time', () => {
  const ids = new Set(Array.from({ length: 1000 }, () => newClientId('10.0.0.7', undefined, undefined)));
  expect(ids.size).toBe(1000);
  for (const id of ids) expect(id).toMatch(new RegExp(`^10\\.0\\.0\\.7@${process.pid}#[0-9a-f]{16}$`));
});

test('an instance name takes the place of pid and random bits; a unit name is appended', () => {
  expect(newClientId('10.0.0.7', 'blue', undefined)).toMatch(/^10\.0\.0\.7@blue$/);
  expect(newClientId('10.0.0.7', 'blue', 'unit1')).toMatch(/^10\.0\.0\.7@blue@unit1$/);
  expect(newClientId('10.0.0.7', undefined, 'unit1')).toMatch(/^10\.0\.0\.7@\d+#[0-9a-f]{16}@unit1$/);
});

test('an address of IPv6 stands in brackets', () => {
  expect(newClientId('fd00::7', 'blue', undefined)).toBe('[fd00::7]@blue');
});
