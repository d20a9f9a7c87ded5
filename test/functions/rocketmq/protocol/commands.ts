import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import type { ExtFields } from '../../../../functions/rocketmq/protocol/ext-fields.ts';
import type { RemotingCommand, SerializeType } from '../../../../functions/rocketmq/protocol/remoting-command.ts';

/** Any text that UTF-8 can carry (no lone surrogates), from ASCII to beyond the basic plane. */
export const anyText = (constraints: { minLength?: number; maxLength?: number } = {}) =>
  fc.string({ unit: 'binary', ...constraints });

/** Field names are ASCII by protocol; among them names that mean something to JavaScript objects. */
const fieldNames = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'abcdefgXYZ_09'), minLength: 1, maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', '17'),
);

function extFields(isBinary: boolean): fc.Arbitrary<ExtFields> {
  // An empty value cannot be in a binary header, and a long one takes the other way through the writer.
  const values = fc.oneof(
    anyText({ minLength: isBinary ? 1 : 0, maxLength: 20 }),
    anyText({ minLength: 40, maxLength: 200 }),
  );
  return fc.dictionary(fieldNames, values, { maxKeys: 12, noNullPrototype: false });
}

/** Commands of every shape that a serialization can carry. */
export function commands(serializeType: SerializeType): fc.Arbitrary<RemotingCommand> {
  const isBinary = serializeType === 'ROCKETMQ';
  return fc.record({
    code: isBinary ? fc.integer({ min: -32_768, max: 32_767 }) : fc.integer(),
    language: fc.integer({ min: 0, max: 13 }),
    version: fc.integer({ min: 0, max: 32_767 }),
    opaque: fc.integer(),
    flag: fc.integer(),
    remark: fc.option(anyText({ minLength: isBinary ? 1 : 0, maxLength: 100 }), { nil: undefined }),
    extFields: extFields(isBinary),
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
}
