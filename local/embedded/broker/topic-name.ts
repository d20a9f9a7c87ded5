import { isV5 } from '../server-release.ts';

/** What names the topic of messages that a consumer group is to try again. */
export const RETRY_PREFIX = '%RETRY%';

const LONGEST_TOPIC = 127;
const LONGEST_RETRY_TOPIC = 255;

/** What a broker says against a topic name, or `undefined` when it is a good one (Java: `TopicValidator`). */
export function topicNameFault(topic: string, version: number): string | undefined {
  if (topic.trim() === '') return 'The specified topic is blank.';
  if (!/^[%|a-zA-Z0-9_-]+$/.test(topic)) {
    const which = isV5(version) ? `: ${topic},` : '';
    return `The specified topic${which} contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$`;
  }
  const longest = /^%(RETRY|DLQ)%/.test(topic) ? LONGEST_RETRY_TOPIC : LONGEST_TOPIC;
  if (topic.length <= longest) return undefined;
  if (!isV5(version)) return 'The specified topic is longer than topic max length.';
  return `The specified topic: ${topic}, is longer than topic max length: ${longest}`;
}
