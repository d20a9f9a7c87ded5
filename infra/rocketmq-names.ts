/**
 * What RocketMQ accepts as a name, for checks at synth. The client library has the same rules for the moment of sending; a test
 * keeps the two in step, because nothing of the library is imported here.
 */

const legalName = /^[%|a-zA-Z0-9_-]+$/;
const longestTopic = 127;
const longestGroup = 120;

/** Topics of the broker's own, which take no messages from producers (Java: `TopicValidator`). */
const systemTopics: ReadonlySet<string> = new Set([
  'SCHEDULE_TOPIC_XXXX',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'TBW102',
  'CHECKPOINT_TOPIC',
]);

/** Says what is wrong with a topic name (Java: `Validators.checkTopic`, `TopicValidator`), or nothing when it is legal. */
export function topicFault(topic: string): string | undefined {
  const fault = nameFault('Topic', topic, longestTopic);
  if (fault !== undefined) return fault;
  if (systemTopics.has(topic) || topic.startsWith('rmq_sys_')) {
    return `Topic "${topic}" belongs to the broker itself and takes no messages from producers. Choose another topic.`;
  }
  return undefined;
}

/** Says what is wrong with a producer group (Java: `Validators.checkGroup`), or nothing when it is legal. */
export function producerGroupFault(group: string): string | undefined {
  const fault = nameFault('Producer group', group, longestGroup);
  if (fault !== undefined) return fault;
  if (group === 'DEFAULT_PRODUCER') {
    return 'Producer group "DEFAULT_PRODUCER" is reserved by RocketMQ. Choose a name of your own.';
  }
  return undefined;
}

/**
 * Says what is wrong with one name-server address, or nothing when it is `host:port`, `1.2.3.4:port` or `[IPv6]:port`.
 */
export function nameServerFault(address: string): string | undefined {
  const port = nameServerPort(address);
  if (port !== undefined && port >= 1 && port <= 65_535) return undefined;
  return `"${address}" is not the address of a name server. Write host:port with a port from 1 to 65535, for example 10.0.1.5:9876 or [fd00::5]:9876.`;
}

/** The port of a name-server address, or nothing when the address is malformed. */
export function nameServerPort(address: string): number | undefined {
  const [, port] =
    /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?):([0-9]{1,5})$/.exec(address) ?? [];
  return port === undefined ? undefined : Number(port);
}

function nameFault(what: string, name: unknown, longest: number): string | undefined {
  // Apps in JavaScript have no compiler that tells them.
  if (typeof name !== 'string') return `${what} is ${name ? 'no text' : 'missing'}. Give it a name.`;
  if (name === '') return `${what} is empty. Give it a name.`;
  if (!legalName.test(name)) {
    return `${what} "${name}" holds a character that RocketMQ does not allow. Use letters, digits, "_", "-", "%" and "|".`;
  }
  if (name.length > longest) {
    return `${what} "${name}" has ${name.length} characters; RocketMQ allows ${longest}. Shorten it.`;
  }
  return undefined;
}
