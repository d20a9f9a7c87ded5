import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import {
  decodeEndTransaction,
  type EndTransactionHeader,
  encodeEndTransaction,
  TransactionEnd,
} from '../../../../functions/rocketmq/protocol/end-transaction-header.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { goldenAnswers, goldenRequests } from './golden-frames.ts';

const HEADER: EndTransactionHeader = {
  topic: 'Orders',
  producerGroup: 'PG',
  tranStateTableOffset: 7n,
  commitLogOffset: 2n ** 53n + 1n,
  end: TransactionEnd.COMMIT,
  isFromCheck: false,
  msgId: 'ABC',
  transactionId: undefined,
  brokerName: '',
};

/** Fields that are there: an absent one may be missing or undefined. */
const present = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

describe('a captured end of a transaction', () => {
  test.each(goldenRequests(RequestCode.END_TRANSACTION))('$name is read and written again', ({ bytes }) => {
    const { extFields } = decodeFrame(bytes);
    const written = present(encodeEndTransaction(decodeEndTransaction(extFields)));
    // Clients before 5.3.0 name no topic.
    expect(extFields.topic === undefined ? { ...written, topic: undefined } : written).toEqual({
      ...extFields,
      ...(extFields.topic === undefined && { topic: undefined }),
      ...(extFields.Signature !== undefined && { Signature: undefined, AccessKey: undefined }),
    });
  });

  test('is answered without any field by a broker, whatever the remark', () => {
    const answers = goldenAnswers(RequestCode.END_TRANSACTION);
    expect(answers.length).toBeGreaterThan(7);
    for (const { bytes } of answers) expect(Object.keys(decodeFrame(bytes).extFields)).toEqual([]);
  });
});

describe('the end of a transaction', () => {
  test('keeps offsets beyond what a number holds exactly', () => {
    expect(encodeEndTransaction(HEADER).commitLogOffset).toBe('9007199254740993');
    expect(decodeEndTransaction(encodeEndTransaction(HEADER))).toEqual(HEADER);
  });

  test('leaves out a broker name it does not know, because a binary header cannot hold an empty one', () => {
    expect(encodeEndTransaction(HEADER).bname).toBeUndefined();
    expect(encodeEndTransaction({ ...HEADER, brokerName: 'broker-a' }).bname).toBe('broker-a');
  });

  test.each([
    [{ producerGroup: undefined }, 'request header without producerGroup'],
    [{ commitLogOffset: 'x' }, 'request header with commitLogOffset "x"'],
    [{ commitOrRollback: '7' }, 'request header with commitOrRollback "7"'],
  ])('with %o is refused by the name of the field', (fault, reason) => {
    const read = () => decodeEndTransaction({ ...encodeEndTransaction(HEADER), ...fault });
    expect(read).toThrow(RemotingCommandError);
    expect(read).toThrow(reason);
  });
});
