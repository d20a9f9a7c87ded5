import { expect, test } from 'vitest';
import { newClientId } from '../../../../functions/rocketmq/client/client-id.ts';

test('a client id is address, pid and 64 random bits, drawn anew each time', () => {
  const ids = new Set(Array.from({ length: 1000 }, () => newClientId(undefined, undefined)));
  expect(ids.size).toBe(1000);
  for (const id of ids) expect(id).toMatch(new RegExp(`^[^@]+@${process.pid}#[0-9a-f]{16}$`));
});

test('an instance name takes the place of pid and random bits; a unit name is appended', () => {
  expect(newClientId('blue', undefined)).toMatch(/^[^@]+@blue$/);
  expect(newClientId('blue', 'unit1')).toMatch(/^[^@]+@blue@unit1$/);
  expect(newClientId(undefined, 'unit1')).toMatch(/^[^@]+@\d+#[0-9a-f]{16}@unit1$/);
});
