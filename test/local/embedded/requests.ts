import { Buffer } from 'node:buffer';
import { encodedBytes } from '../../../functions/rocketmq/protocol/byte-writer.ts';
import { BatchBody, type BatchMember } from '../../../functions/rocketmq/protocol/message-batch.ts';
import { encodeProperties, type MessageProperties } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { encodePullMessage, type PullMessageHeader } from '../../../functions/rocketmq/protocol/pull-message-header.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import {
  encodeSendMessageV1,
  encodeSendMessageV2,
  type SendMessageHeader,
} from '../../../functions/rocketmq/protocol/send-message-header.ts';
import type { AdminRequest } from '../../../local/admin-connection.ts';

/** What a test says of a send; the rest is filled in. */
export interface SendFields extends Partial<Omit<SendMessageHeader, 'properties'>> {
  readonly code?: number;
  readonly body?: string | Buffer;
  readonly properties?: MessageProperties;
}

/** A send request of one message to topic T. */
export function sendRequest({
  code = RequestCode.SEND_MESSAGE_V2,
  body = 'body',
  ...fields
}: SendFields = {}): AdminRequest {
  const header: SendMessageHeader = {
    producerGroup: 'PG',
    topic: 'T',
    defaultTopic: 'T',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    flag: 0,
    reconsumeTimes: 0,
    unitMode: false,
    maxReconsumeTimes: undefined,
    batch: false,
    brokerName: '',
    ...fields,
    properties: encodeProperties(fields.properties ?? {}),
  };
  const hasLongNames = code === RequestCode.SEND_MESSAGE || code === RequestCode.SEND_REPLY_MESSAGE;
  const encode = hasLongNames ? encodeSendMessageV1 : encodeSendMessageV2;
  return { code, extFields: encode(header), body: Buffer.from(body) };
}

/** A batch of messages with these properties, their bodies being their places. */
export function batchRequest(members: readonly MessageProperties[], fields: SendFields = {}): AdminRequest {
  const encoded = members.map(
    (properties, index): BatchMember => ({
      flag: index,
      body: Buffer.from(String(index)),
      properties: encodeProperties(properties),
    }),
  );
  return sendRequest({
    code: RequestCode.SEND_BATCH_MESSAGE,
    batch: true,
    body: encodedBytes(new BatchBody(encoded)),
    ...fields,
  });
}

/** A pull from queue 0 of topic T, from its beginning. */
export function pullRequest(fields: Partial<PullMessageHeader> = {}): AdminRequest {
  const extFields = encodePullMessage({
    consumerGroup: 'CG',
    topic: 'T',
    queueId: 0,
    queueOffset: 0n,
    maxMsgNums: 32,
    sysFlag: 4,
    commitOffset: 0n,
    suspendTimeoutMs: 0,
    subscription: '*',
    brokerName: '',
    ...fields,
  });
  return { code: RequestCode.PULL_MESSAGE, extFields };
}

/** A heartbeat of a client that produces for one group, and consumes for another where that is given. */
export function heartbeatRequest(
  clientID: string,
  groups: { producer?: string; consumer?: string } = {},
): AdminRequest {
  const { producer, consumer } = groups;
  const subscription = { topic: 'T', subString: 'A || B' };
  const data = {
    clientID,
    producerDataSet: producer === undefined ? [] : [{ groupName: producer }],
    consumerDataSet: consumer === undefined ? [] : [{ groupName: consumer, subscriptionDataSet: [subscription] }],
  };
  return { code: RequestCode.HEART_BEAT, body: Buffer.from(JSON.stringify(data)) };
}
