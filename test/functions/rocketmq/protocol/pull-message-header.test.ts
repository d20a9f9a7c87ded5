import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import {
  decodePullMessage,
  encodePullMessage,
  type PullMessageHeader,
  PullSysFlag,
} from '../../../../functions/rocketmq/protocol/pull-message-header.ts';
import { decodeFrame, encodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { anyText } from './commands.ts';
import { goldenRequests } from './golden-frames.ts';

const PULL: PullMessageHeader = {
  consumerGroup: 'CG',
  topic: 'T',
  queueId: 0,
  queueOffset: 0n,
  maxMsgNums: 32,
  sysFlag: PullSysFlag.SUBSCRIPTION,
  commitOffset: 0n,
  suspendTimeoutMs: 0,
  subscription: '*',
  brokerName: 'broker-a',
};

describe('a captured pull', () => {
  test.each(goldenRequests(RequestCode.PULL_MESSAGE))('$name is read and written again', ({ bytes }) => {
    const { extFields } = decodeFrame(bytes);
    const { subVersion: _, ...written } = encodePullMessage(decodePullMessage(extFields));
    // Java adds a byte limit and its own subscription version, and leaves out a subscription that the broker knows.
    const { maxMsgBytes: __, subVersion: ___, ...read } = extFields;
    expect(written).toEqual({ subscription: '*', ...read });
  });
});

describe('a pull header', () => {
  test('comes back from either serialization', () => {
    const headers: fc.Arbitrary<PullMessageHeader> = fc.record({
      consumerGroup: anyText({ minLength: 1, maxLength: 30 }),
      topic: anyText({ minLength: 1, maxLength: 30 }),
      queueId: fc.nat(),
      queueOffset: fc.bigInt({ min: -1n, max: 2n ** 62n }),
      maxMsgNums: fc.nat(),
      sysFlag: fc.nat(),
      commitOffset: fc.bigInt({ min: -1n, max: 2n ** 62n }),
      suspendTimeoutMs: fc.nat(),
      subscription: anyText({ minLength: 1, maxLength: 30 }),
      brokerName: anyText({ maxLength: 30 }),
    });
    fc.assert(
      fc.property(headers, fc.constantFrom('JSON', 'ROCKETMQ'), (header, serializeType) => {
        const frame = encodeFrame(
          {
            code: RequestCode.PULL_MESSAGE,
            language: 7,
            version: 401,
            opaque: 1,
            flag: 0,
            remark: undefined,
            extFields: encodePullMessage(header),
            body: Buffer.alloc(0),
          },
          serializeType,
        );
        expect(decodePullMessage(decodeFrame(frame).extFields)).toEqual(header);
      }),
      { numRuns: 500 },
    );
  });

  test('without a broker name leaves the field out, because a binary header cannot hold an empty one', () => {
    expect(encodePullMessage({ ...PULL, brokerName: '' }).bname).toBeUndefined();
  });

  test.each([
    [{ topic: undefined }, 'request header without topic'],
    [{ queueOffset: undefined }, 'request header without queueOffset'],
    [{ queueOffset: '1e3' }, 'request header with queueOffset "1e3"'],
    [{ queueId: '' }, 'request header with queueId ""'],
  ])('with %o is refused by the name of the field', (fault, reason) => {
    const read = () => decodePullMessage({ ...encodePullMessage(PULL), ...fault });
    expect(read).toThrow(RemotingCommandError);
    expect(read).toThrow(reason);
  });
});
