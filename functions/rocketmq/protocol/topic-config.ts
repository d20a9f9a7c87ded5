import type { ExtFields } from './ext-fields.ts';
import { PERM_READ, PERM_WRITE } from './topic-route-data.ts';

/** A topic as one broker holds it (Java: `TopicConfig`). */
export interface TopicConfig {
  readonly topic: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  /** `PERM_READ`, `PERM_WRITE` or both. */
  readonly perm: number;
  readonly order: boolean;
  /** Attributes to set, such as `{ 'message.type': 'DELAY' }` (5.x). */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A topic of so many queues that can be read and written. */
export function topicConfig(topic: string, queues: number, overrides: Partial<TopicConfig> = {}): TopicConfig {
  return {
    topic,
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: PERM_READ | PERM_WRITE,
    order: false,
    attributes: {},
    ...overrides,
  };
}

/** Header of UPDATE_AND_CREATE_TOPIC. */
export function encodeCreateTopic(config: TopicConfig): ExtFields {
  const attributes = Object.entries(config.attributes).map(([name, value]) => `+${name}=${value}`);
  return {
    topic: config.topic,
    defaultTopic: 'TBW102',
    readQueueNums: String(config.readQueueNums),
    writeQueueNums: String(config.writeQueueNums),
    perm: String(config.perm),
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: '0',
    order: String(config.order),
    attributes: attributes.length > 0 ? attributes.join(',') : undefined,
  };
}
