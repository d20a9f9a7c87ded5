import { describe, expect, test } from 'vitest';
import { unwrapNamespace, wrapNamespace } from '../../../../functions/rocketmq/producer/namespace.ts';
import { startProducer } from './start-producer.ts';

describe('in a namespace', () => {
  test.each([
    ['orders', 'ns%orders'],
    ['%RETRY%group', '%RETRY%ns%group'],
    ['%DLQ%group', '%DLQ%ns%group'],
    ['ns', 'ns%ns'],
    ['nsorders', 'ns%nsorders'],
  ])('%s is %s, and comes back', (name, wrapped) => {
    expect(wrapNamespace('ns', name)).toBe(wrapped);
    expect(wrapNamespace('ns', wrapped)).toBe(wrapped);
    expect(unwrapNamespace('ns', wrapped)).toBe(name);
  });

  test.each(['RMQ_SYS_TRACE_TOPIC', 'rmq_sys_wheel_timer', 'SCHEDULE_TOPIC_XXXX', 'TBW102'])(
    '%s is what it is: every namespace has the same one',
    (name) => {
      expect(wrapNamespace('ns', name)).toBe(name);
      expect(unwrapNamespace('ns', name)).toBe(name);
    },
  );

  test('a name of another namespace is a name like any other', () => {
    expect(wrapNamespace('ns', 'other%orders')).toBe('ns%other%orders');
    expect(unwrapNamespace('ns', 'other%orders')).toBe('other%orders');
  });

  test('a topic that only its namespace makes too long is refused before anything is sent', async () => {
    await using started = await startProducer({ client: { namespace: 'tenant' } });
    const sending = started.producer.send({ topic: 't'.repeat(121), body: 'x' });
    await expect(sending).rejects.toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'topic' });
    await expect(sending).rejects.toThrow('with its namespace, topic "tenant%ttt');
    expect(started.cluster.nameServer().connections.total).toBe(0);
  });
});

test('without a namespace names stay as they are', () => {
  expect(wrapNamespace(undefined, 'a%orders')).toBe('a%orders');
  expect(unwrapNamespace(undefined, 'a%orders')).toBe('a%orders');
});
