import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { decodeCheckTransaction } from '../../../../functions/rocketmq/protocol/check-transaction-header.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { decodeStoredMessages, encodeStoredMessage } from '../../../../functions/rocketmq/protocol/stored-message.ts';
import { goldenFrame, goldenRequests } from './golden-frames.ts';

const golden = decodeFrame(goldenFrame('java550-broker550-json/tx-check.push').bytes);

describe('a captured transaction check', () => {
  test.each(goldenRequests(RequestCode.CHECK_TRANSACTION_STATE))(
    '$name asks for the message that it carries, under the topic that this is for',
    ({ bytes }) => {
      const { extFields, body } = decodeFrame(bytes);
      const check = decodeCheckTransaction(extFields, body);
      expect(check.message.topic).toBe('GoldenTopic');
      expect(check.msgId).toBe(extFields.msgId);
      expect(check.producerGroup).toBe(check.message.properties.PGROUP);
      expect(check.commitLogOffset).toBe(check.message.commitLogOffset);
      expect(check.tranStateTableOffset).toBe(check.message.queueOffset);
      expect(check.brokerName).toBe(extFields.bname ?? '');
    },
  );
});

describe('a transaction check', () => {
  const [message] = decodeStoredMessages(Buffer.from(golden.body));
  const without = (name: string): Buffer => {
    if (message === undefined) throw new Error('the golden check has no message');
    const { [name]: _, ...properties } = message.properties;
    return encodeStoredMessage({ ...message, properties });
  };

  test('takes the message id of the header when the message has none', () => {
    expect(decodeCheckTransaction(golden.extFields, without('UNIQ_KEY')).msgId).toBe(golden.extFields.msgId);
  });

  test.each([
    ['without a message', golden.extFields, Buffer.alloc(0), 'without a message'],
    ['without a group', golden.extFields, without('PGROUP'), 'without PGROUP'],
    ['without any message id', { ...golden.extFields, msgId: undefined }, without('UNIQ_KEY'), 'without a message id'],
    ['without an offset', { ...golden.extFields, commitLogOffset: undefined }, golden.body, 'without commitLogOffset'],
    ['with a cut message', golden.extFields, golden.body.subarray(0, 50), 'stored message cut'],
  ])('%s is refused', (_, extFields, body, reason) => {
    const read = () => decodeCheckTransaction(extFields, body);
    expect(read).toThrow(RemotingCommandError);
    expect(read).toThrow(reason);
  });
});
