import { Buffer } from 'node:buffer';
import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import type { AclUser, TopicRight } from './acl-settings.ts';

/** A topic that a request touches; any one of the rights is enough. */
export interface TopicAccess {
  readonly topic: string;
  readonly rights: readonly TopicRight[];
}

/** By request code: the header field that names the topic, and the rights that serve. */
export type AccessTable = ReadonlyMap<number, readonly [field: string, ...rights: TopicRight[]]>;

/** Topics that a request touches, by a table; retry topics belong to their group and are left out. */
export function topicAccesses({ code, extFields, body }: RemotingCommand, table: AccessTable): readonly TopicAccess[] {
  const [field, ...rights] = table.get(code) ?? [];
  const topics =
    code === RequestCode.HEART_BEAT && rights.length > 0 ? subscribedTopics(body) : named(extFields, field);
  return topics.filter((topic) => !topic.startsWith('%RETRY%')).map((topic) => ({ topic, rights }));
}

/** Whether a user may touch a topic so. */
export function isAllowed({ topics }: AclUser, { topic, rights }: TopicAccess): boolean {
  if (topics === undefined) return true;
  const granted = topics[topic] ?? [];
  return rights.some((right) => granted.includes(right));
}

function named(extFields: ExtFields, field: string | undefined): readonly string[] {
  const topic = field === undefined ? undefined : extFields[field];
  return topic === undefined ? [] : [topic];
}

/** Topics that the consumers of a heartbeat subscribe to; none when it cannot be read, for its handler says so. */
function subscribedTopics(body: Uint8Array): readonly string[] {
  const text = Buffer.from(body).toString('utf8');
  return [...text.matchAll(/"topic":"([^"]+)"/g)].flatMap(([, topic]) => topic ?? []);
}
