import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import type { ExtFields } from '../../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeOffsetMessageId } from '../../../../functions/rocketmq/protocol/message-id.ts';
import { decodeFrame, encodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import {
  decodeSendMessageHeader,
  decodeSendMessageResponse,
  encodeMessageSend,
  encodeQueueSend,
  encodeSendMessageV1,
  encodeSendMessageV2,
  type SendMessageHeader,
} from '../../../../functions/rocketmq/protocol/send-message-header.ts';
import { anyText } from './commands.ts';
import { goldenAnswers, goldenFrame, goldenRequests } from './golden-frames.ts';

/** Fields that client hooks add to any request; they are not of the send header. */
const HOOK_FIELDS = new Set(['AccessKey', 'SecurityToken', 'Signature', 'ns', 'nsd']);

function present(ext: ExtFields): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(ext).filter(([name, value]) => value !== undefined && !HOOK_FIELDS.has(name)),
  );
}

const PLAIN: SendMessageHeader = {
  producerGroup: 'PG',
  topic: 'T',
  defaultTopic: 'T',
  defaultTopicQueueNums: 4,
  queueId: 0,
  sysFlag: 0,
  bornTimestamp: 1_795_420_281_626,
  flag: 0,
  properties: '',
  reconsumeTimes: 0,
  unitMode: false,
  maxReconsumeTimes: undefined,
  batch: false,
  brokerName: 'broker-a',
};

const short = goldenRequests(
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
  RequestCode.SEND_REPLY_MESSAGE_V2,
);

describe('a captured send', () => {
  test('is read field by field', () => {
    const { code, extFields } = decodeFrame(goldenFrame('java550-broker550-json/send-normal.request').bytes);
    expect(decodeSendMessageHeader(code, extFields)).toEqual({
      ...PLAIN,
      producerGroup: 'PG_golden',
      topic: 'GoldenTopic',
      defaultTopic: 'TBW102',
      queueId: 3,
      properties:
        'colour\u0001blau\u0002KEYS\u0001key1 key2\u0002UNIQ_KEY\u0001FD00000000000000000000000000000216DC30946E0972FB73190000\u0002WAIT\u0001true\u0002TAGS\u0001TagA\u0002',
    });
  });

  test.each(short.filter(({ decoded }) => Object.values(decoded.extFields ?? {}).every(Boolean)))(
    '$name is read and written again with the same fields',
    ({ bytes }) => {
      const { code, extFields } = decodeFrame(bytes);
      const header = decodeSendMessageHeader(code, extFields);
      expect(header.batch).toBe(code === RequestCode.SEND_BATCH_MESSAGE);
      expect(present(encodeSendMessageV2(header))).toEqual(present(extFields));
    },
  );

  test('in long names is read and written again with the same fields', () => {
    const [long] = goldenRequests(RequestCode.SEND_MESSAGE);
    const { code, extFields } = decodeFrame(long?.bytes ?? Buffer.alloc(0));
    const header = decodeSendMessageHeader(code, extFields);
    expect(header.topic).toBe(extFields.topic);
    expect(present(encodeSendMessageV1(header))).toEqual(present(extFields));
  });
});

describe('a send header', () => {
  const headers: fc.Arbitrary<SendMessageHeader> = fc.record({
    producerGroup: anyText({ minLength: 1, maxLength: 30 }),
    topic: anyText({ minLength: 1, maxLength: 30 }),
    defaultTopic: anyText({ minLength: 1, maxLength: 30 }),
    defaultTopicQueueNums: fc.integer(),
    queueId: fc.integer(),
    sysFlag: fc.integer(),
    bornTimestamp: fc.nat({ max: 9_999_999_999_999 }),
    flag: fc.integer(),
    properties: anyText({ maxLength: 60 }),
    reconsumeTimes: fc.nat(),
    unitMode: fc.boolean(),
    maxReconsumeTimes: fc.option(fc.integer(), { nil: undefined }),
    batch: fc.boolean(),
    brokerName: anyText({ maxLength: 12 }),
  });

  test('says the same when what it has in common with others was encoded before', () => {
    fc.assert(
      fc.property(headers, fc.constantFrom('JSON', 'ROCKETMQ'), (header, serializeType) => {
        const code = RequestCode.SEND_MESSAGE_V2;
        const shared = encodeQueueSend(header);
        const command = {
          code,
          language: 7,
          version: 401,
          opaque: 1,
          flag: 0,
          remark: undefined,
          body: Buffer.alloc(0),
        };
        const frame = encodeFrame(
          { ...command, extFields: encodeMessageSend(header), sharedFields: shared },
          serializeType,
        );
        expect(decodeSendMessageHeader(code, decodeFrame(frame).extFields)).toEqual(header);
        const whole = encodeFrame({ ...command, extFields: encodeSendMessageV2(header) }, serializeType);
        expect(frame.toString('hex')).toBe(whole.toString('hex'));
      }),
    );
  });

  test('comes back from either naming and either serialization', () => {
    fc.assert(
      fc.property(headers, fc.constantFrom('JSON', 'ROCKETMQ'), fc.boolean(), (header, serializeType, isShort) => {
        const code = isShort ? RequestCode.SEND_MESSAGE_V2 : RequestCode.SEND_MESSAGE;
        const extFields = isShort ? encodeSendMessageV2(header) : encodeSendMessageV1(header);
        const frame = encodeFrame(
          { code, language: 7, version: 401, opaque: 1, flag: 0, remark: undefined, extFields, body: Buffer.alloc(0) },
          serializeType,
        );
        expect(decodeSendMessageHeader(code, decodeFrame(frame).extFields)).toEqual(header);
      }),
      { numRuns: 1000 },
    );
  });

  test('without a broker name leaves the field out, because a binary header cannot hold an empty one', () => {
    expect(encodeSendMessageV2({ ...PLAIN, brokerName: '' }).n).toBeUndefined();
    expect(encodeSendMessageV1({ ...PLAIN, brokerName: '' }).bname).toBeUndefined();
  });

  test('without its optional fields is read with their defaults', () => {
    const { a, b, c, d, e, f, g, h } = encodeSendMessageV2(PLAIN);
    expect(decodeSendMessageHeader(RequestCode.SEND_MESSAGE_V2, { a, b, c, d, e, f, g, h })).toEqual({
      ...PLAIN,
      brokerName: '',
    });
  });

  test('needs neither producer group nor number of queues, as brokers do not', () => {
    const ext = { ...encodeSendMessageV2(PLAIN), a: undefined, d: undefined };
    expect(decodeSendMessageHeader(RequestCode.SEND_MESSAGE_V2, ext)).toMatchObject({
      producerGroup: '',
      defaultTopicQueueNums: 0,
    });
  });

  test('reads truth values as Java does, whatever their case', () => {
    const ext = { ...encodeSendMessageV2(PLAIN), m: 'TRUE', k: 'yes' };
    expect(decodeSendMessageHeader(RequestCode.SEND_MESSAGE_V2, ext)).toMatchObject({ batch: true, unitMode: false });
  });

  test.each([
    [{ b: undefined }, 'send header without topic'],
    [{ e: undefined }, 'send header without queueId'],
    [{ e: '' }, 'send header with queueId ""'],
    [{ e: '1.5' }, 'send header with queueId "1.5"'],
    [{ g: '0x10' }, 'send header with bornTimestamp "0x10"'],
    [{ l: 'many' }, 'send header with maxReconsumeTimes "many"'],
  ])('with %o is refused by the name of the field', (fault, reason) => {
    const read = () =>
      decodeSendMessageHeader(RequestCode.SEND_MESSAGE_V2, { ...encodeSendMessageV2(PLAIN), ...fault });
    expect(read).toThrow(RemotingCommandError);
    expect(read).toThrow(reason);
  });
});

describe('an answer to a send', () => {
  const answers = goldenAnswers(
    RequestCode.SEND_MESSAGE,
    RequestCode.SEND_MESSAGE_V2,
    RequestCode.SEND_BATCH_MESSAGE,
    RequestCode.SEND_REPLY_MESSAGE_V2,
  );

  test.each(answers)('$name is read', ({ bytes }) => {
    const { extFields } = decodeFrame(bytes);
    const answer = decodeSendMessageResponse(extFields);
    expect(answer).toEqual({
      msgId: extFields.msgId,
      queueId: Number(extFields.queueId),
      queueOffset: Number(extFields.queueOffset),
      transactionId: extFields.transactionId,
      recallHandle: extFields.recallHandle,
      regionId: 'DefaultRegion',
      isTraceOn: true,
    });
    for (const id of answer.msgId.split(',')) {
      const { host, port } = decodeOffsetMessageId(id);
      expect(host).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(port).toBeGreaterThan(0);
    }
  });

  test('to a timer message has a recall handle', () => {
    const { extFields } = decodeFrame(goldenFrame('java550-broker550-json/send-timer-delay-ms.response').bytes);
    expect(decodeSendMessageResponse(extFields).recallHandle).toMatch(/^[\w-]+=*$/);
  });

  test.each([0, 7, -1, 4_294_967_296, 999_999_999_999_999, Number.MAX_SAFE_INTEGER])(
    'may tell the offset %d',
    (offset) => {
      const ext = { msgId: 'A', queueId: '1', queueOffset: String(offset) };
      expect(decodeSendMessageResponse(ext).queueOffset).toBe(offset);
    },
  );

  test('that is silent about tracing leaves it on', () => {
    const ext = { msgId: 'A', queueId: '1', queueOffset: '2' };
    expect(decodeSendMessageResponse(ext).isTraceOn).toBe(true);
    expect(decodeSendMessageResponse({ ...ext, TRACE_ON: 'false' }).isTraceOn).toBe(false);
  });

  test.each([
    [{ msgId: undefined }, 'send answer without msgId'],
    [{ queueId: undefined }, 'send answer without queueId'],
    [{ queueOffset: undefined }, 'send answer without queueOffset'],
    [{ queueId: 'x' }, 'send answer with queueId "x"'],
    [{ queueOffset: '' }, 'send answer with queueOffset ""'],
    [{ queueOffset: '-' }, 'send answer with queueOffset "-"'],
    [{ queueOffset: '1e3' }, 'send answer with queueOffset "1e3"'],
    [{ queueOffset: '12345678901234567' }, 'send answer with queueOffset "12345678901234567"'],
  ])('with %o is refused by the name of the field', (fault, reason) => {
    const read = () => decodeSendMessageResponse({ msgId: 'A', queueId: '1', queueOffset: '2', ...fault });
    expect(read).toThrow(RemotingCommandError);
    expect(read).toThrow(reason);
  });
});
