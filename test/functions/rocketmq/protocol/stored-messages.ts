import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import type { HostAndPort, StoredMessage } from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { anyText } from './commands.ts';

/** Property names and values that the wire can carry: none empty, and neither separator in them. */
const propertyText = anyText({ minLength: 1, maxLength: 20 }).filter((text) => !/[\u0001\u0002]/.test(text));

/** Properties as messages have them. */
export const anyProperties = fc.dictionary(propertyText, propertyText, { maxKeys: 8, noNullPrototype: true });

const hosts: fc.Arbitrary<HostAndPort> = fc.record({
  host: fc.oneof(
    fc.ipV4(),
    // Full groups without leading zeros: how a decoded IPv6 host reads.
    fc
      .array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.map((group) => group.toString(16)).join(':')),
  ),
  port: fc.nat({ max: 65_535 }),
});

const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Messages as a broker could store them, with topics on both sides of the length where the layout changes. */
export const storedMessages: fc.Arbitrary<StoredMessage> = fc
  .record({
    topic: fc.oneof(anyText({ maxLength: 20 }), fc.string({ minLength: 126, maxLength: 200 })),
    queueId: fc.integer(),
    flag: fc.integer(),
    queueOffset: i64,
    commitLogOffset: i64,
    sysFlag: fc.constantFrom(0, 1, 2, 4, 8, 12, 0x101, 0x301),
    bornAt: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    bornHost: hosts,
    storedAt: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    storeHost: hosts,
    reconsumeTimes: fc.nat(),
    preparedTransactionOffset: i64,
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    properties: anyProperties,
  })
  .map((message) => ({
    ...message,
    sysFlag:
      message.sysFlag |
      (message.bornHost.host.includes(':') ? 0x10 : 0) |
      (message.storeHost.host.includes(':') ? 0x20 : 0),
  }));
