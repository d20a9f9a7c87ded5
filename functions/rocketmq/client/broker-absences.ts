/** A gap between two answers counts for no more than this: what happened in a longer one, such as a freeze, nobody knows. */
const LONGEST_GAP_MS = 120_000;

interface Sightings {
  /** Epoch ms of the last answer about the topic. */
  answeredAt: number;
  /** Brokers that an answer had, each with the ms for which it has been missing; undefined while the last one has it. */
  readonly missingMs: Map<string, number | undefined>;
}

/**
 * For how long brokers have been missing from the routes of topics, as far as name servers told: from the first answer without
 * a broker to the last, less what is long between two answers. Time in which nobody asked proves nothing.
 */
export class BrokerAbsences {
  readonly #topics = new Map<string, Sightings>();

  /** Notes which brokers have queues of a topic by a name server's answer. */
  note(topic: string, brokerNames: ReadonlySet<string>, at: number): void {
    const sightings = this.#topics.get(topic) ?? { answeredAt: at, missingMs: new Map() };
    this.#topics.set(topic, sightings);
    const gapMs = Math.min(LONGEST_GAP_MS, Math.max(0, at - sightings.answeredAt));
    sightings.answeredAt = at;
    for (const [brokerName, missingMs] of sightings.missingMs) {
      if (!brokerNames.has(brokerName)) {
        sightings.missingMs.set(brokerName, missingMs === undefined ? 0 : missingMs + gapMs);
      }
    }
    for (const brokerName of brokerNames) sightings.missingMs.set(brokerName, undefined);
  }

  /** Forgets a topic that is gone. What is made anew under its name need not be where it was. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /**
   * Ms for which a broker is known to be missing; 0 while the last answer has it, Infinity when no answer had it since the topic
   * was forgotten.
   */
  absentMs(topic: string, brokerName: string): number {
    const missingMs = this.#topics.get(topic)?.missingMs;
    if (missingMs !== undefined && !missingMs.has(brokerName)) return Number.POSITIVE_INFINITY;
    return missingMs?.get(brokerName) ?? 0;
  }
}
