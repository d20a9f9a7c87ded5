interface Sightings {
  /** Epoch ms of the last answer about the topic. */
  answeredAt: number;
  /** Brokers that an answer had, each with the instant of the first one since then that has it no more. */
  readonly missingSince: Map<string, number | undefined>;
}

/**
 * For how long brokers have been missing from the routes of topics, as far as name servers told: from the first answer without
 * a broker to the last. Time in which nobody asked, as in a freeze, proves nothing, whatever the clock says.
 */
export class BrokerAbsences {
  readonly #topics = new Map<string, Sightings>();

  /** Notes which brokers have queues of a topic by a name server's answer. */
  note(topic: string, brokerNames: ReadonlySet<string>, at: number): void {
    const sightings = this.#topics.get(topic) ?? { answeredAt: at, missingSince: new Map() };
    this.#topics.set(topic, sightings);
    sightings.answeredAt = at;
    for (const brokerName of brokerNames) sightings.missingSince.set(brokerName, undefined);
    for (const [brokerName, since] of sightings.missingSince) {
      if (since === undefined && !brokerNames.has(brokerName)) sightings.missingSince.set(brokerName, at);
    }
  }

  /** Ms for which a broker is known to be missing; 0 while the last answer has it. */
  absentMs(topic: string, brokerName: string): number {
    const sightings = this.#topics.get(topic);
    const since = sightings?.missingSince.get(brokerName);
    return sightings === undefined || since === undefined ? 0 : sightings.answeredAt - since;
  }
}
