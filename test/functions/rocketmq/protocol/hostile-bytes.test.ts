import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { FrameDecoder } from '../../../../functions/rocketmq/protocol/frame-decoder.ts';
import { decodeHeartbeatData } from '../../../../functions/rocketmq/protocol/heartbeat-data.ts';
import { decodeBatch } from '../../../../functions/rocketmq/protocol/message-batch.ts';
import { decodeOffsetMessageId } from '../../../../functions/rocketmq/protocol/message-id.ts';
import { decodeProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { decodePullMessage } from '../../../../functions/rocketmq/protocol/pull-message-header.ts';
import { decodeFrame, type RemotingCommand } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import {
  decodeSendMessageHeader,
  decodeSendMessageResponse,
} from '../../../../functions/rocketmq/protocol/send-message-header.ts';
import { decodeStoredMessages } from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { decodeTopicRouteData } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { goldenFrames } from './golden-frames.ts';

/** FUZZ_SEED repeats a run; FUZZ_RUNS is for longer ones. */
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env.FUZZ_RUNS ?? 100_000);

/** Small, so that many lengths lie above it; every frame that is mutated fits. */
const MAX_BYTES = 4096;

/** What became of all bytes so far: how often a decoder answered, and how often it refused. */
const tally = { frames: 0, values: 0, refused: 0 };

/** Runs a decoder: a value or a RemotingCommandError, anything else fails the test. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    const value = decode();
    tally.values += 1;
    return value;
  } catch (error) {
    if (!(error instanceof RemotingCommandError)) throw error;
    tally.refused += 1;
    return undefined;
  }
}

/** Hands a body, and the fields of a header, to everything that could be asked to read them. */
function decodeEverything({ extFields, body }: RemotingCommand): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  attempt(() => decodeStoredMessages(bytes));
  attempt(() => decodeBatch(bytes));
  attempt(() => decodeTopicRouteData(bytes));
  attempt(() => decodeHeartbeatData(bytes));
  attempt(() => decodeProperties(bytes.toString('utf8')));
  attempt(() => decodeSendMessageHeader(RequestCode.SEND_MESSAGE, extFields));
  attempt(() => decodeSendMessageHeader(RequestCode.SEND_MESSAGE_V2, extFields));
  attempt(() => decodePullMessage(extFields));
  attempt(() => decodeSendMessageResponse(extFields));
  attempt(() => decodeOffsetMessageId(extFields.msgId ?? ''));
}

/** Sends bytes through a decoder in two pieces, as a socket might, and decodes whatever frames come out. */
function receive(bytes: Buffer, splitAt: number): void {
  const decoder = new FrameDecoder((buffer, start, end) => {
    tally.frames += 1;
    const command = attempt(() => decodeFrame(buffer, start, end));
    if (command !== undefined) decodeEverything(command);
  }, MAX_BYTES);
  for (const piece of [bytes.subarray(0, splitAt), bytes.subarray(splitAt)]) {
    attempt(() => decoder.push(piece));
    if (decoder.bufferedBytes > MAX_BYTES) throw new Error(`${decoder.bufferedBytes} bytes held`);
  }
}

type Mutation = {
  readonly kind: 'flip' | 'cut' | 'length' | 'insert' | 'body';
  readonly at: number;
  readonly value: number;
};

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'length', 'insert', 'body'),
  at: fc.nat({ max: 0xffff }),
  // Lengths lie mostly by a little, sometimes by all that a word can hold.
  value: fc.oneof(fc.integer({ min: -4, max: 64 }), fc.integer(), fc.constantFrom(0x7fffffff, -0x80000000, 0xff)),
});

/** A frame with one thing wrong. Its length words are made to fit again where the fault is meant to get past them. */
function mutate(frame: Buffer, { kind, at, value }: Mutation): Buffer {
  const position = at % frame.length;
  const changed = Buffer.from(frame);
  if (kind === 'flip') changed[position] = (changed[position] ?? 0) ^ (1 << (value & 7));
  if (kind === 'cut') return fitted(changed.subarray(0, position), value);
  if (kind === 'length' && frame.length >= 4) changed.writeInt32BE(value, at % (frame.length - 3));
  if (kind === 'insert') {
    return fitted(
      Buffer.concat([changed.subarray(0, position), Buffer.alloc(value & 15, value), changed.subarray(position)]),
      value,
    );
  }
  if (kind === 'body' && frame.length >= 8) {
    const bodyAt = 8 + frame.readUIntBE(5, 3);
    if (bodyAt < frame.length) changed[bodyAt + (at % (frame.length - bodyAt))] = value;
  }
  return changed;
}

/** Every other time the length word is put right, so that the decoders behind the frame see the fault. */
function fitted(frame: Buffer, value: number): Buffer {
  if (frame.length >= 8 && (value & 1) === 0) frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

/** Bytes after a plausible start, so that random ones get as far as the headers. */
function framed(bytes: Uint8Array, type: number, headerLie: number): Buffer {
  const frame = Buffer.concat([Buffer.alloc(8), bytes]);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt32BE((type << 24) | Math.max(0, Math.min(0xffffff, bytes.length + headerLie)), 4);
  return frame;
}

const frames = goldenFrames.filter(({ hasRestoredBody }) => !hasRestoredBody).map(({ bytes }) => bytes);
const golden = fc.nat({ max: frames.length - 1 }).map((index) => frames[index] ?? Buffer.alloc(0));
const json = fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text));
/** Objects whose values cannot be turned into text or a number, under the names that decoders look for. */
const hostileJson = fc
  .dictionary(
    fc.constantFrom(
      ...['code', 'flag', 'opaque', 'extFields', 'version', 'queueDatas', 'brokerDatas', 'brokerAddrs', 'brokerName'],
      ...['topicQueueMappingByBroker', 'currIdMap', 'clientID', 'producerDataSet', 'perm', '__proto__', 'topic', '0'],
    ),
    fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, 0, 1, -1, 1e99, '', 'a', true, { toString: 1, valueOf: 1 }),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('brokerName', 'perm', 'topic', '0', 'toString', 'a'), tie('value'), {
          maxKeys: 3,
        }),
      ),
    })).value,
    { maxKeys: 6 },
  )
  .map((value) => Buffer.from(JSON.stringify({ code: 0, opaque: 1, flag: 1, ...value })));

beforeAll(() => console.log(`FUZZ_SEED=${seed} FUZZ_RUNS=${runs}`));
afterAll(() =>
  console.log(`${tally.frames} frames cut; decoders answered ${tally.values} times, refused ${tally.refused} times`),
);

describe('hostile bytes end in a value or a RemotingCommandError', () => {
  const share = (part: number) => ({ seed, numRuns: Math.ceil(runs * part) });

  test('when they are captured frames with up to four faults', () => {
    fc.assert(
      fc.property(
        golden,
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 999 }),
        (frame, faults, split) => {
          receive(
            faults.reduce((bytes, fault) => (bytes.length === 0 ? bytes : mutate(bytes, fault)), frame),
            split,
          );
        },
      ),
      share(0.7),
    );
    // Faults that every decoder refuses at once, or none notices, would test nothing.
    expect(tally.frames).toBeGreaterThan(runs * 0.2);
    expect(tally.values).toBeGreaterThan(runs * 0.2);
    expect(tally.refused).toBeGreaterThan(runs * 0.2);
  });

  test('when they are random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 200 }), (bytes, split) => {
        receive(Buffer.from(bytes), split);
      }),
      share(0.1),
    );
  });

  test('when they are random behind length words that fit', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 120 }), json, hostileJson),
        fc.constantFrom(0, 1, 1, 2, 255),
        fc.oneof(fc.constant(0), fc.integer({ min: -120, max: 4 })),
        (bytes, type, headerLie) => receive(framed(bytes, type, headerLie), 3),
      ),
      share(0.2),
    );
  });

  test('when they are JSON bodies, with values that are not what their names promise', () => {
    fc.assert(
      fc.property(fc.oneof(json, hostileJson), (body) => {
        decodeEverything({
          code: 0,
          language: 0,
          version: 0,
          opaque: 0,
          flag: 1,
          remark: undefined,
          extFields: {},
          body,
        });
      }),
      share(0.1),
    );
  });
});

describe('JSON nested as deeply as a frame has room for', () => {
  test.each([
    ['lists', '['],
    ['objects', '{"brokerDatas":'],
    ['objects with bare keys', '{0:'],
  ])('in %s is refused', (_, open) => {
    const body = Buffer.from(open.repeat(1_000_000));
    expect(() => decodeTopicRouteData(body)).toThrow(RemotingCommandError);
    expect(() => decodeHeartbeatData(body)).toThrow(RemotingCommandError);
  });

  test('in a header is refused', () => {
    const header = Buffer.from(
      `{"code":1,"opaque":1,"flag":0,"extFields":{"a":${'['.repeat(500_000)}${']'.repeat(500_000)}}}`,
    );
    expect(() => decodeFrame(framed(header, 0, 0))).toThrow(RemotingCommandError);
  });
});
