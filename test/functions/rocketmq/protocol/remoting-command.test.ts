import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { languageNames } from '../../../../functions/rocketmq/protocol/language-code.ts';
import {
  decodeFrame,
  EMPTY_BODY,
  encodeFrame,
  frameSerializeType,
  isOneway,
  isResponse,
  type RemotingCommand,
  type SerializeType,
} from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { commands } from './commands.ts';
import { framesWithoutBytes, type GoldenFrame, goldenFrames } from './golden-frames.ts';

const ASK_ROUTE: RemotingCommand = {
  code: 105,
  language: 7,
  version: 401,
  opaque: 7,
  flag: 0,
  remark: undefined,
  extFields: { topic: 'T' },
  body: EMPTY_BODY,
};

/** The header as the captures write it down. */
function headerOf(command: RemotingCommand) {
  return {
    code: command.code,
    flag: command.flag,
    opaque: command.opaque,
    language: languageNames[command.language],
    version: command.version,
    remark: command.remark ?? null,
    extFields: { ...command.extFields },
  };
}

function goldenHeader({ decoded }: GoldenFrame) {
  const { code, flag, opaque, language, version, remark, extFields } = decoded;
  return {
    code,
    flag,
    opaque,
    language,
    version,
    remark,
    extFields: Object.fromEntries(Object.entries(extFields ?? {}).map(([name, value]) => [name, value ?? undefined])),
  };
}

function goldenBody({ decoded, bytes, hasRestoredBody }: GoldenFrame): Buffer {
  if (hasRestoredBody) return Buffer.alloc(4_194_305);
  if (decoded.bodyHex !== undefined) return Buffer.from(decoded.bodyHex, 'hex');
  if (decoded.bodyText !== undefined) return Buffer.from(decoded.bodyText);
  // The exact bytes of a JSON body are at the end of the frame, where its header length says.
  if (decoded.bodyJson !== undefined) return bytes.subarray(8 + bytes.readUIntBE(5, 3));
  return Buffer.alloc(0);
}

/** The JSON header of a frame as a value, and the bytes after it. */
function jsonParts(bytes: Buffer): { header: Record<string, unknown>; body: Buffer } {
  const end = 8 + bytes.readUIntBE(5, 3);
  return { header: JSON.parse(bytes.toString('utf8', 8, end)), body: bytes.subarray(end) };
}

/** Bytes of a binary header's fields, each name once. Java writes the fields of a send twice when it signs it. */
function distinctExtBytes({ decoded }: GoldenFrame): number {
  return Object.entries(decoded.extFields ?? {}).reduce(
    (bytes, [name, value]) => bytes + 6 + Buffer.byteLength(name) + Buffer.byteLength(value ?? ''),
    0,
  );
}

/** The ext length that a binary header states. */
function extBytes(bytes: Buffer): number {
  return bytes.readInt32BE(25 + bytes.readInt32BE(21));
}

/** True for a binary frame whose signer wrote its fields twice. */
function repeatsFields(frame: GoldenFrame): boolean {
  return extBytes(frame.bytes) !== distinctExtBytes(frame);
}

function hasEmptyField({ decoded }: GoldenFrame): boolean {
  return Object.values(decoded.extFields ?? {}).includes(null);
}

describe('captured frames', () => {
  test('are all here, but for those too large to keep', () => {
    expect(goldenFrames).toHaveLength(508);
    expect(framesWithoutBytes).toEqual([
      'raw-broker550/error-properties-too-long.request.json',
      'raw-broker550/error-body-too-big.request.json',
      'raw-broker495/error-properties-too-long.request.json',
      'raw-broker495/error-body-too-big.request.json',
    ]);
  });

  test.each(goldenFrames)('$name decodes to what an independent decoder read', (frame) => {
    const command = decodeFrame(frame.bytes);
    expect(headerOf(command)).toEqual(goldenHeader(frame));
    expect(Buffer.compare(command.body, goldenBody(frame))).toBe(0);
    expect(frameSerializeType(frame.bytes)).toBe(frame.decoded.serialization);
    expect(isResponse(command)).toBe(frame.kind === 'response');
    expect(isOneway(command)).toBe((frame.decoded.flag & 2) === 2);
  });

  const binary = goldenFrames.filter(({ decoded }) => decoded.serialization === 'ROCKETMQ');
  const signedTwice = binary.filter(repeatsFields);

  test('repeat fields only where a Java client signed a send in binary', () => {
    expect(signedTwice).toHaveLength(6);
    expect(signedTwice.every(({ decoded }) => decoded.extFields?.Signature !== undefined)).toBe(true);
  });

  test.each(binary.filter((frame) => !repeatsFields(frame) && !hasEmptyField(frame)))(
    '$name encodes to the very same bytes',
    (frame) => {
      expect(encodeFrame(decodeFrame(frame.bytes), 'ROCKETMQ').equals(frame.bytes)).toBe(true);
    },
  );

  test.each(binary.filter(hasEmptyField))('$name encodes without the field that has no value', (frame) => {
    const command = decodeFrame(frame.bytes);
    const encoded = encodeFrame(command, 'ROCKETMQ');
    const present = Object.entries(command.extFields).filter(([, value]) => value !== undefined);
    expect({ ...decodeFrame(encoded).extFields }).toEqual(Object.fromEntries(present));
  });

  test.each(signedTwice)('$name encodes to the same frame with each field once', (frame) => {
    const command = decodeFrame(frame.bytes);
    const encoded = encodeFrame(command, 'ROCKETMQ');
    expect(decodeFrame(encoded)).toEqual(command);
    expect(extBytes(encoded)).toBe(distinctExtBytes(frame));
  });

  test.each(goldenFrames.filter(({ decoded }) => decoded.serialization === 'JSON'))(
    '$name encodes to the same header object and body bytes',
    (frame) => {
      const golden = jsonParts(frame.bytes);
      const encoded = jsonParts(encodeFrame(decodeFrame(frame.bytes), 'JSON'));
      // Java names the serialization in the header too, and leaves an empty extFields out of some of its answers.
      const { serializeTypeCurrentRPC: _, ...header } = golden.header;
      expect(encoded.header).toEqual({ extFields: {}, ...header });
      expect(encoded.body.equals(golden.body)).toBe(true);
    },
  );
});

describe('bytes known from Java', () => {
  test('a binary frame', () => {
    const bytes = '000000250100002100690701df0000000700000000000000000000000c0005746f7069630000000154';
    expect(encodeFrame({ ...ASK_ROUTE, version: 479 }, 'ROCKETMQ').toString('hex')).toBe(bytes);
    expect(headerOf(decodeFrame(Buffer.from(bytes, 'hex')))).toEqual({
      code: 105,
      flag: 0,
      opaque: 7,
      language: 'OTHER',
      version: 479,
      remark: null,
      extFields: { topic: 'T' },
    });
  });

  test('a JSON frame', () => {
    const header = '{"code":105,"language":"OTHER","version":401,"opaque":7,"flag":0,"extFields":{"topic":"T"}}';
    const bytes = Buffer.concat([Buffer.from('0000005f0000005b', 'hex'), Buffer.from(header)]);
    expect(encodeFrame(ASK_ROUTE, 'JSON').toString('latin1')).toBe(bytes.toString('latin1'));
    expect(decodeFrame(bytes)).toEqual(ASK_ROUTE);
  });

  test('an empty value in a binary header is read as absent', () => {
    const frame = Buffer.from(
      '00000020010000 1c0069 07 01df 00000007 00000000 00000000 00000007 0001 69 00000000'.replaceAll(' ', ''),
      'hex',
    );
    expect(decodeFrame(frame).extFields.i).toBeUndefined();
  });
});

describe('encoding', () => {
  const serializations: SerializeType[] = ['JSON', 'ROCKETMQ'];

  test.each(serializations)('and decoding in %s gives any command back', (serializeType) => {
    fc.assert(
      fc.property(commands(serializeType), (command) => {
        const decoded = decodeFrame(encodeFrame(command, serializeType));
        expect({ ...decoded, extFields: { ...decoded.extFields }, body: Buffer.from(decoded.body) }).toEqual({
          ...command,
          extFields: { ...command.extFields },
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('writes a code that does not fit a binary header as JSON', () => {
    const frame = encodeFrame({ ...ASK_ROUTE, code: 200_050 }, 'ROCKETMQ');
    expect(frameSerializeType(frame)).toBe('JSON');
    expect(decodeFrame(frame).code).toBe(200_050);
  });

  test('leaves absent fields out', () => {
    const command = { ...ASK_ROUTE, extFields: { topic: 'T', absent: undefined } };
    for (const serializeType of serializations) {
      expect(Object.keys(decodeFrame(encodeFrame(command, serializeType)).extFields)).toEqual(['topic']);
    }
  });

  test('refuses an empty field in a binary header, because every server would read it as null', () => {
    const command = { ...ASK_ROUTE, extFields: { topic: '' } };
    expect(() => encodeFrame(command, 'ROCKETMQ')).toThrow('ext field "topic" is empty in a binary header');
    expect(decodeFrame(encodeFrame(command, 'JSON')).extFields.topic).toBe('');
  });
});

describe('decoding refuses, with the reason', () => {
  const json = (header: string): Buffer => {
    const text = Buffer.from(header);
    const words = Buffer.alloc(8);
    words.writeInt32BE(text.length + 4, 0);
    words.writeInt32BE(text.length, 4);
    return Buffer.concat([words, text]);
  };
  const binary = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

  test.each([
    ['a frame shorter than its two length words', binary('00000004 0000'), 'frame shorter than its two length words'],
    ['a header longer than its frame', binary('00000004 00000001'), 'header longer than its frame'],
    ['an unknown serialize type', binary('00000004 02000000'), 'unknown serialize type 2'],
    ['a negative serialize type', binary('00000004 ff000000'), 'unknown serialize type 255'],
    ['an empty JSON header', json(''), 'header is not JSON'],
    ['JSON that is cut', json('{"code":1'), 'header is not JSON'],
    ['JSON that is no object', json('[1,2]'), 'header is not a JSON object'],
    ['JSON null', json('null'), 'header is not a JSON object'],
    ['a header without code', json('{"opaque":1,"flag":0}'), 'header without integer code, opaque and flag'],
    ['a code that is no integer', json('{"code":1.5,"opaque":1,"flag":0}'), 'header without integer code'],
    [
      'extFields that are a list',
      json('{"code":1,"opaque":1,"flag":0,"extFields":[]}'),
      'extFields is not a JSON object',
    ],
    ['an empty binary header', binary('00000004 01000000'), 'binary header shorter than its fixed part'],
    [
      'a remark longer than its header',
      binary('00000019 01000015 0000 07 0000 00000000 00000000 00000001 00000000'),
      'remark longer than its header',
    ],
    [
      'a negative remark length',
      binary('00000019 01000015 0000 07 0000 00000000 00000000 ffffffff 00000000'),
      'remark longer than its header',
    ],
    [
      'ext longer than its header',
      binary('00000019 01000015 0000 07 0000 00000000 00000000 00000000 00000001'),
      'ext longer than its header',
    ],
    [
      'a negative ext length',
      binary('00000019 01000015 0000 07 0000 00000000 00000000 00000000 ffffffff'),
      'ext longer than its header',
    ],
    [
      'an ext entry cut in its key length',
      binary('0000001a 01000016 0000 07 0000 00000000 00000000 00000000 00000001 00'),
      'ext entry cut in its key length',
    ],
    [
      'an ext key longer than its block',
      binary('0000001b 01000017 0000 07 0000 00000000 00000000 00000000 00000002 0001'),
      'ext key longer than its block',
    ],
    [
      'a negative ext key length',
      binary('00000021 0100001d 0000 07 0000 00000000 00000000 00000000 00000008 ffff 00000000 0000'),
      'ext key longer than its block',
    ],
    [
      'an ext value longer than its block',
      binary('00000020 0100001c 0000 07 0000 00000000 00000000 00000000 00000007 0001 69 00000001'),
      'ext value longer than its block',
    ],
    [
      'a negative ext value length',
      binary('00000020 0100001c 0000 07 0000 00000000 00000000 00000000 00000007 0001 69 ffffffff'),
      'ext value longer than its block',
    ],
  ])('%s', (_, frame, reason) => {
    expect(() => decodeFrame(frame)).toThrow(RemotingCommandError);
    expect(() => decodeFrame(frame)).toThrow(reason);
  });

  test('a JSON field that is a list or an object', () => {
    const frame = json('{"code":1,"opaque":1,"flag":0,"extFields":{"a":{"toString":1,"valueOf":1}}}');
    expect(() => decodeFrame(frame)).toThrow(RemotingCommandError);
  });
});

describe('decoding', () => {
  test('reads a JSON field that is no string as its text, and null as absent', () => {
    const header = Buffer.from('{"code":1,"opaque":1,"flag":0,"extFields":{"n":5,"b":true,"gone":null}}');
    const words = Buffer.alloc(8);
    words.writeInt32BE(header.length + 4, 0);
    words.writeInt32BE(header.length, 4);
    expect({ ...decodeFrame(Buffer.concat([words, header])).extFields }).toEqual({
      n: '5',
      b: 'true',
      gone: undefined,
    });
  });

  test('reads a frame in the middle of a buffer', () => {
    const frame = encodeFrame({ ...ASK_ROUTE, body: Buffer.from('body') }, 'ROCKETMQ');
    const buffer = Buffer.concat([Buffer.from('before'), frame, Buffer.from('after')]);
    const command = decodeFrame(buffer, 6, 6 + frame.length);
    expect({ ...command.extFields }).toEqual({ topic: 'T' });
    expect(Buffer.from(command.body).toString()).toBe('body');
  });

  test('takes a language it does not know as unknown', () => {
    const frame = encodeFrame({ ...ASK_ROUTE, language: 99 }, 'ROCKETMQ');
    expect(decodeFrame(frame).language).toBe(-1);
  });

  test('takes the last of two fields of one name', () => {
    const entry = '0001 69 00000001';
    const frame = Buffer.from(
      `0000002901000025 0069 07 01df 00000007 00000000 00000000 00000010 ${entry} 41 ${entry} 42`.replaceAll(' ', ''),
      'hex',
    );
    expect(decodeFrame(frame).extFields.i).toBe('B');
  });
});
