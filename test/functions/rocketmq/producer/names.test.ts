import { describe, expect, test } from 'vitest';
import { groupFault, topicFault } from '../../../../functions/rocketmq/producer/names.ts';
import { rejectionOf, startProducer } from './start-producer.ts';

describe('a topic to send to', () => {
  test.each(['T', 'orders-2026_v1', '%RETRY%group', '%DLQ%group', 'ns1%orders', 'a|b', 'x'.repeat(127)])(
    'may be %s',
    (topic) => {
      expect(topicFault(topic)).toBeUndefined();
    },
  );

  test.each<[string, unknown, string]>([
    ['empty', '', 'the topic must be a string that is not empty'],
    ['absent', undefined, 'the topic must be a string that is not empty'],
    ['a number', 7, 'the topic must be a string that is not empty'],
    ['of 128 characters', 'x'.repeat(128), `topic "${'x'.repeat(40)}…" is longer than 127 characters`],
    ['with a blank', 'two words', 'topic "two words" may hold only letters, digits, "%", "|", "-" and "_"'],
    ['with a dot', 'a.b', 'topic "a.b" may hold only'],
    ['with a newline at its end', 'orders\n', 'may hold only'],
    ['in Chinese', '订单', 'topic "订单" may hold only'],
    ['the topic of delayed messages', 'SCHEDULE_TOPIC_XXXX', 'belongs to the broker'],
    ['the topic of half messages', 'RMQ_SYS_TRANS_HALF_TOPIC', 'belongs to the broker'],
    ['the template of created topics', 'TBW102', 'belongs to the broker'],
    ['the timer wheel, which a message would block', 'rmq_sys_wheel_timer', 'belongs to the broker'],
  ])('is refused when it is %s', (_what, topic, reason) => {
    expect(topicFault(topic)).toContain(reason);
  });
});

describe('a producer group', () => {
  test.each(['g', 'orders-lambda_1', 'ns%group', 'x'.repeat(120)])('may be %s', (group) => {
    expect(groupFault(group)).toBeUndefined();
  });

  test.each([
    ['of 121 characters', 'x'.repeat(121), `group "${'x'.repeat(40)}…" is longer than 120 characters`],
    ['empty', '', 'may hold only letters, digits'],
    ['with a blank', 'a b', 'group "a b" may hold only'],
    ["Java's default", 'DEFAULT_PRODUCER', 'choose a name of your own'],
  ])('is refused when it is %s', (_what, group, reason) => {
    expect(groupFault(group)).toContain(reason);
  });
});

test.each([{}, { namespace: 'tenant' }])(
  'a message with an illegal topic can be neither sent nor asked for (%j)',
  async (client) => {
    await using started = await startProducer({ client });
    const { producer, cluster } = started;
    for (const topic of ['two words', 't'.repeat('namespace' in client ? 121 : 128), 'TBW102']) {
      const message = { topic, body: 'x', msgId: 'id-1' };
      const refusal = await rejectionOf(producer.send(message));
      expect(refusal).toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'topic', retryable: false });
      expect(await rejectionOf(producer.queryMessageByUniqKey(message))).toEqual(refusal);
    }
    expect(cluster.nameServer().connections.total).toBe(0);
  },
);
