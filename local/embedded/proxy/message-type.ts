import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { decodeSendMessageHeader } from '../../../functions/rocketmq/protocol/send-message-header.ts';
import type { TopicConfig } from '../../../functions/rocketmq/protocol/topic-config.ts';

type MessageType = 'NORMAL' | 'FIFO' | 'DELAY' | 'TRANSACTION';

const DELAYS = [
  MessageProperty.DELAY,
  MessageProperty.TIMER_DELAY_SEC,
  MessageProperty.TIMER_DELAY_MS,
  MessageProperty.TIMER_DELIVER_MS,
];

/**
 * Why a proxy does not take a send: only a proxy looks at the type of a topic (its attribute `message.type`, NORMAL without
 * one). An unknown topic has none (Java: `DefaultTopicMessageTypeValidator`).
 */
export function messageTypeFault(config: TopicConfig | undefined, code: number, ext: ExtFields): string | undefined {
  const expected = config === undefined ? 'UNSPECIFIED' : (config.attributes['message.type'] ?? 'NORMAL');
  const actual = messageType(decodeSendMessageHeader(code, ext).properties);
  if (expected === actual || expected === 'MIXED') return undefined;
  return `TopicMessageType validate failed, the expected type is ${expected}, but actual type is ${actual}`;
}

function messageType(text: string): MessageType {
  const properties = decodeProperties(text);
  if (properties[MessageProperty.TRAN_MSG] === 'true') return 'TRANSACTION';
  if (DELAYS.some((name) => properties[name] !== undefined)) return 'DELAY';
  return properties[MessageProperty.SHARDING_KEY] === undefined ? 'NORMAL' : 'FIFO';
}
