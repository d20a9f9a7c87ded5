import { expect, test } from 'vitest';
import { QueueHeaders } from '../../../../functions/rocketmq/producer/queue-headers.ts';

const queue = { topic: 'orders', brokerName: 'broker-a', queueId: 3 };
const headers = () => new QueueHeaders({ group: 'PG', unitMode: false });
const message = { topic: 'orders', isBatch: false };

test('say what all sends of a producer to a queue have alike, and nothing of a message', () => {
  expect({ ...headers().of(message, { queue, brokerName: 'broker-a' }).fields }).toEqual({
    a: 'PG',
    b: 'orders',
    c: 'orders',
    d: '4',
    e: '3',
    j: '0',
    k: 'false',
    l: undefined,
    m: 'false',
    n: 'broker-a',
  });
});

test('are made once for each queue', () => {
  const known = headers();
  const first = known.of(message, { queue, brokerName: 'broker-a' });
  expect(known.of(message, { queue, brokerName: 'broker-a' })).toBe(first);
  expect(known.of(message, { queue: { ...queue, queueId: 4 }, brokerName: 'broker-a' }).fields.e).toBe('4');
});

test('of batches are not those of messages', () => {
  const known = headers();
  expect(known.of(message, { queue, brokerName: 'broker-a' }).fields.m).toBe('false');
  expect(known.of({ ...message, isBatch: true }, { queue, brokerName: 'broker-a' }).fields.m).toBe('true');
  expect(known.of(message, { queue, brokerName: 'broker-a' }).fields.m).toBe('false');
});

test('follow a logical queue to the broker that has it now', () => {
  const known = headers();
  expect(known.of(message, { queue, brokerName: 'broker-a' }).fields.n).toBe('broker-a');
  expect(known.of(message, { queue, brokerName: 'broker-b' }).fields.n).toBe('broker-b');
});
