import { describe, expect, test } from 'vitest';
import { MessageError } from '../../../../functions/rocketmq/errors.ts';
import type { Message } from '../../../../functions/rocketmq/producer/message.ts';
import { checkFields } from '../../../../functions/rocketmq/producer/message-fields.ts';

/** Every field there is: the compiler asks for the ones that are missing. */
const WHOLE: Required<Message> = {
  topic: 'orders',
  body: 'x',
  tag: 'placed',
  keys: ['o-1'],
  properties: { colour: 'green' },
  shardingKey: 'anna',
  flag: 1,
  waitStoreMsgOk: true,
  msgId: 'id',
  delayLevel: 1,
  delayMs: 1,
  delaySec: 1,
  deliverAt: 1,
};

/** What a message with one more field is refused for. */
function faultOf(more: object): MessageError {
  try {
    checkFields({ topic: 'orders', body: 'x', ...more });
  } catch (error) {
    if (error instanceof MessageError) return error;
    throw error;
  }
  throw new Error('expected a MessageError');
}

describe('the fields of a message', () => {
  test('are accepted, all of them', () => {
    expect(() => checkFields(WHOLE)).not.toThrow();
  });

  test.each<[string, string, keyof Message]>([
    ['the Java client', 'tags', 'tag'],
    ['the Java client', 'delayTimeLevel', 'delayLevel'],
    ['the Java client', 'delayTimeMs', 'delayMs'],
    ['the Java client', 'delayTimeSec', 'delaySec'],
    ['the Java client', 'deliverTimeMs', 'deliverAt'],
    ['the Java client', 'waitStoreMsgOK', 'waitStoreMsgOk'],
    ['ali-ons', 'startDeliverTime', 'deliverAt'],
    ['the gRPC client', 'messageGroup', 'shardingKey'],
    ['the gRPC client', 'delay', 'delayMs'],
    ['the gRPC client', 'deliveryTimestamp', 'deliverAt'],
    ['the gRPC client', 'messageId', 'msgId'],
    ['another habit', 'key', 'keys'],
    ['another habit', 'shardingkey', 'shardingKey'],
    ['another habit', 'sharding_key', 'shardingKey'],
    ['another habit', 'message-group', 'shardingKey'],
    ['another habit', 'userProperties', 'properties'],
    ['another habit', 'payload', 'body'],
  ])('have the names of here: of %s "%s" is refused for "%s"', (_whose, name, meant) => {
    const { field, message } = faultOf({ [name]: 'x' });
    expect({ field, message }).toEqual({
      field: name,
      message: `unknown field "${name}" of a message (did you mean "${meant}"?)`,
    });
  });

  test('are told where nobody knows which one was meant, with the place for those of the application', () => {
    const { message } = faultOf({ priority: 3 });
    expect(message).toContain('unknown field "priority" of a message (known: topic, body, tag, keys, properties,');
    expect(message).toContain("; the application's own belong in properties)");
  });

  test('are not what every object inherits', () => {
    expect(faultOf({ toString: 'x' }).field).toBe('toString');
    expect(faultOf({ constructor: 'x' }).message).toContain('known: topic');
  });

  test('may come from an object of a class, whose methods are no fields', () => {
    class Order implements Message {
      readonly topic = 'orders';
      get body() {
        return this.toText();
      }
      toText() {
        return 'x';
      }
    }
    expect(() => checkFields(new Order())).not.toThrow();
  });
});
