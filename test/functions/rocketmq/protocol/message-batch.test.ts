import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { ByteWriter, encodedBytes } from '../../../../functions/rocketmq/protocol/byte-writer.ts';
import {
  BatchBody,
  type BatchMember,
  batchMemberBytes,
  decodeBatch,
} from '../../../../functions/rocketmq/protocol/message-batch.ts';
import { decodeProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { decodeFrame, writeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { anyText } from './commands.ts';
import { goldenRequests } from './golden-frames.ts';

const encodeBatch = (members: readonly BatchMember[]) => encodedBytes(new BatchBody(members));

describe('a captured batch', () => {
  test.each(goldenRequests(RequestCode.SEND_BATCH_MESSAGE))(
    '$name is read and written again to the same bytes',
    ({ bytes }) => {
      const body = Buffer.from(decodeFrame(bytes).body);
      const members = decodeBatch(body);
      expect(members).toHaveLength(3);
      expect(new Set(members.map(({ properties }) => decodeProperties(properties).UNIQ_KEY)).size).toBe(3);
      expect(encodeBatch(members).toString('hex')).toBe(body.toString('hex'));
    },
  );
});

describe('a batch', () => {
  const wait = 'WAIT\u0001true\u0002';
  const javaBytes = `00000022 00000000 00000000 00000000 00000002 6869 000A 57414954017472756502
    00000022 00000000 00000000 00000005 00000002 C3A9 000A 57414954017472756502`
    .replaceAll(/\s/g, '')
    .toLowerCase();
  const javaMembers: BatchMember[] = [
    { flag: 0, body: Buffer.from('hi'), properties: wait },
    { flag: 5, body: Buffer.from('é'), properties: wait },
  ];

  const header = {
    code: RequestCode.SEND_BATCH_MESSAGE,
    language: 12,
    version: 441,
    opaque: 7,
    flag: 0,
    remark: undefined,
    extFields: { topic: 'T' },
  };

  test('has the bytes that Java writes', () => {
    expect(encodeBatch(javaMembers).toString('hex')).toBe(javaBytes);
    expect(decodeBatch(Buffer.from(javaBytes, 'hex'))).toEqual(javaMembers);
  });

  test.each(['JSON', 'ROCKETMQ'] as const)(
    'is written behind a %s header into its frame, in memory that held other bytes',
    (serializeType) => {
      const writer = new ByteWriter();
      writer.bytes(Buffer.alloc(1000, 0xff));
      writer.take();
      writer.rewind();
      writeFrame(writer, header, Buffer.from('before'), serializeType);
      const { byteLength } = writer;
      writeFrame(writer, header, new BatchBody(javaMembers), serializeType);
      const frames = writer.take();
      expect(Buffer.from(decodeFrame(frames, 0, byteLength).body).toString()).toBe('before');
      expect(Buffer.from(decodeFrame(frames, byteLength).body).toString('hex')).toBe(javaBytes);
    },
  );

  test('of any members comes back, and is as long as was reckoned', () => {
    const members = fc.array(
      fc.record({
        flag: fc.integer(),
        body: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
        properties: anyText({ maxLength: 100 }),
      }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(members, (batch) => {
        const bytes = encodeBatch(batch);
        const reckoned = batch.map(({ body, properties }) =>
          batchMemberBytes(body.length, Buffer.byteLength(properties)),
        );
        expect(bytes.length).toBe(reckoned.reduce((sum, size) => sum + size, 0));
        expect(decodeBatch(bytes)).toEqual(batch);
      }),
      { numRuns: 1000 },
    );
  });

  test('cut at any byte inside a member is refused', () => {
    const bytes = encodeBatch(javaMembers);
    for (let at = 1; at < bytes.length; at++) {
      if (at === 34) continue; // The end of the first member.
      expect(() => decodeBatch(bytes.subarray(0, at)), `cut at ${at}`).toThrow(RemotingCommandError);
    }
  });

  test.each([
    ['a negative body length', 16, 'batch member cut in its body'],
    ['a negative properties length', 22, 'batch member cut in its properties'],
  ])('with %s is refused', (_, at, reason) => {
    const bytes = encodeBatch(javaMembers);
    bytes[at] = 0xff;
    expect(() => decodeBatch(bytes)).toThrow(reason);
  });
});
