import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJsonHeader } from '../../../../functions/rocketmq/protocol/json-header.ts';
import { readSendAnswerJson } from '../../../../functions/rocketmq/protocol/send-answer-json.ts';

const ANSWER = {
  code: 0,
  extFields: {
    queueId: '6',
    transactionId: '5AC765843342C2DAD235921F85200001',
    msgId: '7F000001000055B60000000CAF184D0F,7F000001000055B60000000CAF184E31',
    TRACE_ON: 'true',
    MSG_REGION: 'DefaultRegion',
    queueOffset: '15759590',
    recallHandle: 'djEgdG9waWM=',
  },
  flag: 1,
  language: 'JAVA',
  opaque: 2_147_483_647,
  remark: 'as it was',
  serializeTypeCurrentRPC: 'JSON',
  version: 513,
};

const BODY = Buffer.from('"version":1,"code":7}');

/** Reads a header as it lies in a frame: something before it, a body behind. */
function read(header: string) {
  const bytes = Buffer.from(header);
  const frame = Buffer.concat([Buffer.from('12345678'), bytes, BODY]);
  return readSendAnswerJson(frame, 8, 8 + bytes.length, BODY);
}

/** What `JSON.parse` makes of a header; undefined when it is none. */
function parsed(header: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(header) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

describe('the header of an answer to a send', () => {
  test('is read as JSON.parse reads it, in any order and whatever is left out', () => {
    const { code, flag, opaque, ...rest } = ANSWER;
    const { msgId, ...otherFields } = ANSWER.extFields;
    const fields = fc.subarray(Object.entries(otherFields)).map((some) => [...some, ['msgId', msgId]]);
    const members = fc.tuple(fc.subarray(Object.entries(rest)), fields);
    fc.assert(
      fc.property(members, fc.nat({ max: 1000 }), ([others, ext], seed) => {
        const entries = [...others, ['code', code], ['flag', flag], ['opaque', opaque]] as [string, unknown][];
        const named = entries.map(([name, value]) => [name, name === 'extFields' ? Object.fromEntries(ext) : value]);
        const shuffled = Object.fromEntries(named.map((_, place) => named[(place + seed) % named.length] ?? []));
        const answer = read(JSON.stringify(shuffled));
        const { extFields = {}, remark, version = 0, language } = shuffled;
        expect(answer).toEqual({
          ...{ code, flag, opaque, remark, version, extFields, body: BODY },
          language: language === undefined ? -1 : 0,
        });
      }),
    );
  });

  test('with anything else in it is left to JSON.parse', () => {
    const other: unknown[] = [
      { ...ANSWER, more: 1 },
      { ...ANSWER, code: -1 },
      { ...ANSWER, code: 1.5 },
      { ...ANSWER, code: '0' },
      { ...ANSWER, opaque: 12_345_678_901 },
      { ...ANSWER, remark: 'with "quotes"' },
      { ...ANSWER, remark: 'schön' },
      { ...ANSWER, remark: null },
      { ...ANSWER, extFields: {} },
      { ...ANSWER, extFields: null },
      { ...ANSWER, extFields: { ...ANSWER.extFields, other: 'x' } },
      { ...ANSWER, extFields: { queueId: 6 } },
      { ...ANSWER, extFields: { MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' } },
      { ...ANSWER, opaque: undefined },
      [ANSWER],
      'text',
    ];
    for (const header of other) expect(read(JSON.stringify(header)), JSON.stringify(header)).toBeUndefined();
    expect(read(JSON.stringify(ANSWER, undefined, 1))).toBeUndefined();
    // Which it refuses.
    expect(read(JSON.stringify(ANSWER).replace('as it', 'as\u0001it'))).toBeUndefined();
  });

  test('that is cut, or changed anywhere, is read as JSON.parse reads it or left to it', () => {
    const text = JSON.stringify(ANSWER);
    const changes = fc.tuple(fc.nat({ max: text.length }), fc.nat({ max: 12 }), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(changes, ([at, dropped, added]) => {
        const header = text.slice(0, at) + added + text.slice(at + dropped);
        const answer = read(header);
        if (answer === undefined) return;
        const right = parsed(header) ?? {};
        const { code, flag, opaque, remark, version = 0, extFields = {} } = right;
        expect(answer).toMatchObject({ code, flag, opaque, version });
        expect([answer.remark, { ...answer.extFields }]).toEqual([remark, extFields]);
      }),
      { numRuns: 20_000 },
    );
    for (let end = 0; end < text.length; end++) expect(read(text.slice(0, end))).toBeUndefined();
  });

  test('of a batch is read so too, and left to JSON.parse with anything else anywhere in its ids', () => {
    const ids = Array.from({ length: 100 }, (_, place) => `7F000001000055B6${String(place).padStart(16, '0')}`).join();
    const text = JSON.stringify({ ...ANSWER, extFields: { ...ANSWER.extFields, msgId: ids } });
    expect(read(text)).toMatchObject({ opaque: ANSWER.opaque, extFields: { ...ANSWER.extFields, msgId: ids } });
    const [from, to] = [text.indexOf(ids), text.indexOf(ids) + ids.length];
    const others = fc.constantFrom('\u0001', '\n', '\\', '\\n', '\\"', '"', 'ö', '\u007f\u0080', '😀');
    fc.assert(
      fc.property(fc.integer({ min: from, max: to }), others, (at, added) => {
        expect(read(text.slice(0, at) + added + text.slice(at))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
    for (let end = from; end < to; end++) expect(read(text.slice(0, end))).toBeUndefined();
  });

  test('is read anew where it differs from the one before, in whatever it has', () => {
    const values = fc.constantFrom(
      '',
      'x'.repeat(100),
      'true',
      'false',
      'JAVA',
      'CPP',
      'DefaultRegion',
      'DefaultRegioN',
      'eu',
    );
    const fields = fc.record({ TRACE_ON: values, MSG_REGION: values });
    const header = fc.record({ extFields: fields, language: fc.constantFrom('JAVA', 'CPP', 'none') });
    fc.assert(
      fc.property(fc.array(header, { minLength: 2 }), (headers) => {
        for (const { extFields, language } of headers) {
          const answer = read(
            JSON.stringify({ ...ANSWER, language, extFields: { ...ANSWER.extFields, ...extFields } }),
          );
          expect(answer?.extFields).toMatchObject(extFields);
          expect(answer?.language).toBe(['JAVA', 'CPP'].indexOf(language));
        }
      }),
    );
  });

  test('is what a frame with a JSON header gives, from the first of a process on', () => {
    const header = Buffer.from(JSON.stringify(ANSWER));
    for (let frames = 0; frames < 100; frames++) {
      expect(readJsonHeader(header, 0, header.length, BODY)).toEqual(read(JSON.stringify(ANSWER)));
    }
  });
});
