import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as library from '../../functions/rocketmq/producer/names.ts';
import { nameServerFault, nameServerPort, producerGroupFault, topicFault } from '../../infra/rocketmq-names.ts';

describe('a topic', () => {
  test.each(['orders', 'Orders_2', '%RETRY%group', 'a|b-c', 'x'.repeat(127)])('is legal as %s', (topic) => {
    expect(topicFault(topic)).toBeUndefined();
  });

  test.each([
    ['', 'is empty'],
    // Of JavaScript without types.
    [JSON.parse('null'), 'Topic is missing. Give it a name.'],
    [JSON.parse('5'), 'Topic is no text. Give it a name.'],
    ['two words', 'holds a character'],
    ['größe', 'holds a character'],
    ['a.b', 'holds a character'],
    ['x'.repeat(128), 'has 128 characters; RocketMQ allows 127'],
    ['SCHEDULE_TOPIC_XXXX', 'belongs to the broker'],
    ['TBW102', 'belongs to the broker'],
    ['rmq_sys_wheel_timer', 'belongs to the broker'],
  ])('is refused as "%s"', (topic, reason) => {
    expect(topicFault(topic)).toContain(reason);
  });
});

describe('a producer group', () => {
  test.each(['orders', 'x'.repeat(120)])('is legal as %s', (group) => {
    expect(producerGroupFault(group)).toBeUndefined();
  });

  test.each([
    ['', 'is empty'],
    ['a/b', 'holds a character'],
    ['x'.repeat(121), 'has 121 characters; RocketMQ allows 120'],
    ['DEFAULT_PRODUCER', 'is reserved'],
  ])('is refused as "%s"', (group, reason) => {
    expect(producerGroupFault(group)).toContain(reason);
  });
});

describe('a name server', () => {
  test.each([
    ['10.0.1.5:9876', 9876],
    ['name-server.example.internal:1', 1],
    ['[fd00::5]:65535', 65_535],
  ])('is legal as %s', (address, port) => {
    expect(nameServerFault(address)).toBeUndefined();
    expect(nameServerPort(address)).toBe(port);
  });

  test.each([
    '',
    'host',
    'host:',
    ':9876',
    'host:0',
    'host:65536',
    'http://host:9876',
    'a:1;b:2',
    'fd00::5:9876',
    '-h:1',
  ])('is refused as "%s"', (address) => {
    expect(nameServerFault(address)).toContain(`"${address}" is not the address of a name server. Write host:port`);
  });
});

describe('the client library', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 130 }),
    fc.stringMatching(/^[%|a-zA-Z0-9_-]{0,130}$/),
    fc.constantFrom(
      'TBW102',
      'BenchmarkTest',
      'RMQ_SYS_TRACE_TOPIC',
      'DEFAULT_PRODUCER',
      'rmq_sys_a',
      'SELF_TEST_TOPIC',
    ),
  );

  test('judges topics and groups as synth does', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(topicFault(text) === undefined).toBe(library.topicFault(text) === undefined);
        expect(producerGroupFault(text) === undefined).toBe(library.groupFault(text) === undefined);
      }),
    );
  });
});
