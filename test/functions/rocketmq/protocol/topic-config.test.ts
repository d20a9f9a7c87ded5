import { describe, expect, test } from 'vitest';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { encodeCreateTopic, topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { PERM_READ } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { goldenRequests } from './golden-frames.ts';

describe('a topic creation', () => {
  test.each(goldenRequests(RequestCode.UPDATE_AND_CREATE_TOPIC))('$name is what we would send', ({ bytes }) => {
    const ext = encodeCreateTopic(topicConfig('GoldenCreate', 4));
    expect(ext).toEqual({ ...decodeFrame(bytes).extFields });
  });

  test('says its permission, order and attributes', () => {
    const config = topicConfig('T', 8, {
      perm: PERM_READ,
      order: true,
      writeQueueNums: 4,
      attributes: { 'message.type': 'DELAY', 'delete.policy': 'NONE' },
    });
    expect(encodeCreateTopic(config)).toMatchObject({
      readQueueNums: '8',
      writeQueueNums: '4',
      perm: '4',
      order: 'true',
      attributes: '+message.type=DELAY,+delete.policy=NONE',
    });
  });
});
