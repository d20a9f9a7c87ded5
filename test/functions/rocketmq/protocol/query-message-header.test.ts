import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import {
  decodeQueryMessage,
  encodeQueryMessage,
  type QueryMessageHeader,
  UNIQUE_KEY_QUERY,
} from '../../../../functions/rocketmq/protocol/query-message-header.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { anyText } from './commands.ts';
import { goldenRequests } from './golden-frames.ts';

const anyHeader: fc.Arbitrary<QueryMessageHeader> = fc.record({
  topic: anyText(),
  key: anyText(),
  maxNum: fc.nat(),
  beginAt: fc.nat(),
  endAt: fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY)),
});

describe('the header of QUERY_MESSAGE', () => {
  test('is written as captured clients write it, the flag of a question by id beside it', () => {
    const frames = goldenRequests(RequestCode.QUERY_MESSAGE);
    expect(frames.length).toBeGreaterThan(2);
    for (const { bytes, name } of frames) {
      const { extFields } = decodeFrame(bytes);
      const isById = extFields._UNIQUE_KEY_QUERY === 'true';
      const { _UNIQUE_KEY_QUERY: _, ...header } = extFields;
      expect(encodeQueryMessage(decodeQueryMessage(extFields)), name).toEqual(header);
      if (isById) expect({ ...header, ...UNIQUE_KEY_QUERY }, name).toEqual({ ...extFields });
    }
  });

  test('without an end goes up to the largest number of Java', () => {
    const header = { topic: 'T', key: 'id', maxNum: 32, beginAt: 0, endAt: Number.POSITIVE_INFINITY };
    expect(encodeQueryMessage(header)).toEqual({
      topic: 'T',
      key: 'id',
      maxNum: '32',
      beginTimestamp: '0',
      endTimestamp: '9223372036854775807',
    });
  });

  test('comes back as it was written', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        expect(decodeQueryMessage(encodeQueryMessage(header))).toEqual(header);
      }),
    );
  });

  test.each(['topic', 'key', 'maxNum', 'beginTimestamp', 'endTimestamp'])(
    'without %s is refused by that name',
    (name) => {
      const fields = encodeQueryMessage({ topic: 'T', key: 'k', maxNum: 1, beginAt: 0, endAt: 1 });
      const read = () => decodeQueryMessage({ ...fields, [name]: undefined });
      expect(read).toThrow(RemotingCommandError);
      expect(read).toThrow(name);
    },
  );
});
