import { type MessageProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import type { SendMessageHeader } from '../../../functions/rocketmq/protocol/send-message-header.ts';
import { isV5 } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';
import { RETRY_PREFIX } from './topic-name.ts';

/** How often a message is tried again where its consumer does not say (Java: `SubscriptionGroupConfig.retryMaxTimes`). */
export const DEFAULT_MAX_RETRIES = 16;

/** Where a message to a retry topic goes in place of it, and with which properties. */
export interface DeadLetter {
  readonly header: SendMessageHeader;
  readonly properties: MessageProperties;
}

/**
 * The dead-letter queue for a message that its consumer group has tried too often, or that a group which consumes in order
 * gives up (5.x); made with its first message (Java: `SendMessageProcessor.handleRetryAndDLQ`). `undefined` for any other.
 */
export function deadLetter(
  broker: BrokerContext,
  header: SendMessageHeader,
  properties: MessageProperties,
): DeadLetter | undefined {
  if (!header.topic.startsWith(RETRY_PREFIX)) return undefined;
  const group = header.topic.slice(RETRY_PREFIX.length);
  const tries = header.reconsumeTimes;
  const max = header.maxReconsumeTimes ?? DEFAULT_MAX_RETRIES;
  const isOver = isV5(broker.version)
    ? tries > max || broker.queueLocks.isAnyHeld(group, broker.clock.now())
    : tries >= max;
  if (!isOver) return undefined;
  const topic = deadLetterTopic(broker, group);
  const delay = isV5(broker.version) ? { [MessageProperty.DELAY]: '-1' } : {};
  return { header: { ...header, topic, queueId: 0 }, properties: { ...properties, ...delay } };
}

/** The dead-letter queue of a group, made where it is not there yet. */
export function deadLetterTopic(broker: BrokerContext, group: string): string {
  return broker.topics.ofGroup(`%DLQ%${group}`).topic;
}
