/** Longest topic a client may send to. */
const LONGEST_TOPIC = 127;
/** Longest producer group that every server accepts. */
const LONGEST_GROUP = 120;

const NAME = /^[%|a-zA-Z0-9_-]+$/;

/** Topics that belong to the broker. Sending to some of them is accepted, and then hangs its timers. */
const SYSTEM_TOPICS: ReadonlySet<string> = new Set([
  'SCHEDULE_TOPIC_XXXX',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'TBW102',
  'CHECKPOINT_TOPIC',
]);

/** The last topic that nothing was wrong with: most messages go where the one before went. */
let lastGoodTopic: string | undefined;

/** What is wrong with a topic to send to; undefined when nothing is (Java: `TopicValidator`). */
export function topicFault(topic: unknown): string | undefined {
  if (topic === lastGoodTopic && topic !== undefined) return undefined;
  if (typeof topic !== 'string' || topic === '') return 'the topic must be a string that is not empty';
  if (topic.length > LONGEST_TOPIC) return `topic "${topic.slice(0, 40)}…" is longer than ${LONGEST_TOPIC} characters`;
  if (!NAME.test(topic)) return `topic "${topic}" may hold only letters, digits, "%", "|", "-" and "_"`;
  if (SYSTEM_TOPICS.has(topic) || topic.startsWith('rmq_sys_')) return `topic "${topic}" belongs to the broker`;
  lastGoodTopic = topic;
  return undefined;
}

/** What is wrong with a producer group; undefined when nothing is (Java: `Validators.checkGroup`). */
export function groupFault(group: string): string | undefined {
  if (group.length > LONGEST_GROUP) return `group "${group.slice(0, 40)}…" is longer than ${LONGEST_GROUP} characters`;
  if (!NAME.test(group)) return `group "${group}" may hold only letters, digits, "%", "|", "-" and "_"`;
  if (group === 'DEFAULT_PRODUCER') return 'group "DEFAULT_PRODUCER" is reserved: choose a name of your own';
  return undefined;
}
