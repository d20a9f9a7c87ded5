import { type TopicConfig, topicConfig } from '../../../functions/rocketmq/protocol/topic-config.ts';
import { CLUSTER_NAME } from './cluster-name.ts';
import { RETRY_PREFIX } from './topic-name.ts';

/** Where half messages wait for the end of their transaction, and where those go that were checked too often. */
export const HALF_TOPIC = 'RMQ_SYS_TRANS_HALF_TOPIC';
export const CHECK_MAX_TOPIC = 'TRANS_CHECK_MAX_TIME_TOPIC';

/** Where replies are kept once they were handed to who waits for them. */
const REPLY_TOPIC = `${CLUSTER_NAME}_REPLY_TOPIC`;

/** Topics that every broker has of its own. Clients may not send to those in the second set. */
const SYSTEM_TOPICS: ReadonlySet<string> = new Set([
  'SCHEDULE_TOPIC_XXXX',
  HALF_TOPIC,
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  CHECK_MAX_TOPIC,
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'TBW102',
  'BenchmarkTest',
  'RMQ_SYS_TRACE_TOPIC',
  'CHECKPOINT_TOPIC',
  CLUSTER_NAME,
  REPLY_TOPIC,
]);

const FORBIDDEN_TOPICS: ReadonlySet<string> = new Set([
  'SCHEDULE_TOPIC_XXXX',
  HALF_TOPIC,
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  CHECK_MAX_TOPIC,
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
]);

/** Lets a topic be the pattern of new ones (Java: `PermName.PERM_INHERIT`). */
export const PERM_INHERIT = 1;

/** Whether a topic belongs to the broker, so that nobody may create or change it. */
export function isSystemTopic(topic: string): boolean {
  return SYSTEM_TOPICS.has(topic) || topic.startsWith('rmq_sys_');
}

/** Whether clients may not send to a topic. */
export function isForbiddenTopic(topic: string): boolean {
  return FORBIDDEN_TOPICS.has(topic);
}

/** The topics of one broker (Java: `TopicConfigManager`). */
export class TopicTable {
  readonly #topics = new Map<string, TopicConfig>();

  constructor(isAutoCreating: boolean) {
    // Of the broker's own topics those that clients may meet in routes. The trace topic is there only where it is asked for.
    this.put(topicConfig('SCHEDULE_TOPIC_XXXX', 18));
    for (const topic of [REPLY_TOPIC, CHECK_MAX_TOPIC, 'SELF_TEST_TOPIC', 'OFFSET_MOVED_EVENT']) {
      this.put(topicConfig(topic, 1));
    }
    if (isAutoCreating) this.put(topicConfig('TBW102', 8, { perm: 6 | PERM_INHERIT }));
  }

  get(topic: string): TopicConfig | undefined {
    return this.#topics.get(topic);
  }

  /** Creates a topic, or changes it. */
  put(config: TopicConfig): void {
    this.#topics.set(config.topic, config);
  }

  all(): readonly TopicConfig[] {
    return [...this.#topics.values()];
  }

  /**
   * The topic of a send, created after its default topic when it is unknown and that one allows it: with as many queues as
   * the producer asks for, but no more than the default topic has. A retry topic needs no pattern.
   */
  getOrCreate(topic: string, defaultTopic: string, queues: number): TopicConfig | undefined {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    if (topic.startsWith(RETRY_PREFIX)) return this.ofGroup(topic);
    const pattern = this.#topics.get(defaultTopic);
    if (pattern === undefined || (pattern.perm & PERM_INHERIT) === 0) return undefined;
    const perm = pattern.perm & ~PERM_INHERIT;
    return this.#create(topicConfig(topic, Math.max(0, Math.min(queues, pattern.writeQueueNums)), { perm }));
  }

  /** A topic for what a consumer group could not deal with, to be tried again or given up; made where it is not there yet. */
  ofGroup(topic: string): TopicConfig {
    return this.#topics.get(topic) ?? this.#create(topicConfig(topic, 1));
  }

  #create(config: TopicConfig): TopicConfig {
    this.put(config);
    return config;
  }
}
