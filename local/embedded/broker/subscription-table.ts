import { isV5 } from '../server-release.ts';

const LONGEST_GROUP = 255;

/** Whether a 5.x broker makes a group of this name (Java: `TopicValidator.validateGroup`). */
function isGroupName(group: string): boolean {
  return group.length <= LONGEST_GROUP && /^[%|a-zA-Z0-9_-]+$/.test(group);
}

/** What consumer groups subscribed to in their heartbeats: tag expressions by group and topic (Java: `ConsumerManager`). */
export class SubscriptionTable {
  readonly #expressions = new Map<string, string>();
  readonly #groups = new Set<string>();

  /** Reads the consumer data of a heartbeat; answers the groups in it. */
  register(consumerDataSet: readonly Readonly<Record<string, unknown>>[]): string[] {
    const groups: string[] = [];
    for (const { groupName, subscriptionDataSet } of consumerDataSet) {
      if (typeof groupName !== 'string') continue;
      groups.push(groupName);
      this.#groups.add(groupName);
      for (const subscription of Array.isArray(subscriptionDataSet) ? subscriptionDataSet : []) {
        const { topic, subString } = (subscription ?? {}) as Record<string, unknown>;
        if (typeof topic !== 'string') continue;
        this.#expressions.set(`${groupName}\n${topic}`, typeof subString === 'string' ? subString : '*');
      }
    }
    return groups;
  }

  /** Makes a group by what it first asks for; false where its name is no good one, which 5.x refuses. */
  createGroup(group: string, version: number): boolean {
    if (isV5(version) && !isGroupName(group)) return false;
    this.#groups.add(group);
    return true;
  }

  /** Whether a group has ever consumed here (Java: `SubscriptionGroupManager`). */
  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  /** The tag expression of a group for a topic; `undefined` when it has not subscribed to it. */
  expression(group: string, topic: string): string | undefined {
    return this.#expressions.get(`${group}\n${topic}`);
  }
}
