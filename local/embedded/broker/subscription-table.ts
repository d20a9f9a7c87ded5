/** What consumer groups subscribed to in their heartbeats: tag expressions by group and topic (Java: `ConsumerManager`). */
export class SubscriptionTable {
  readonly #expressions = new Map<string, string>();

  /** Reads the consumer data of a heartbeat; answers the groups in it. */
  register(consumerDataSet: readonly Readonly<Record<string, unknown>>[]): string[] {
    const groups: string[] = [];
    for (const { groupName, subscriptionDataSet } of consumerDataSet) {
      if (typeof groupName !== 'string') continue;
      groups.push(groupName);
      for (const subscription of Array.isArray(subscriptionDataSet) ? subscriptionDataSet : []) {
        const { topic, subString } = (subscription ?? {}) as Record<string, unknown>;
        if (typeof topic !== 'string') continue;
        this.#expressions.set(`${groupName}\n${topic}`, typeof subString === 'string' ? subString : '*');
      }
    }
    return groups;
  }

  /** The tag expression of a group for a topic; `undefined` when it has not subscribed to it. */
  expression(group: string, topic: string): string | undefined {
    return this.#expressions.get(`${group}\n${topic}`);
  }
}
