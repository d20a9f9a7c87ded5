import { OptionsError } from '../errors.ts';

/** Producer groups of a client (Java: `producerTable`): what heartbeats name. A group can be registered once. */
export class ProducerTable<Producer> {
  readonly #producers = new Map<string, Producer>();

  get groups(): string[] {
    return [...this.#producers.keys()];
  }

  /** @throws OptionsError when the group has a producer already. */
  register(group: string, producer: Producer): void {
    if (this.#producers.has(group)) {
      throw new OptionsError('client.producer', [
        `group "${group}" has a producer on this client already: use that one`,
      ]);
    }
    this.#producers.set(group, producer);
  }

  unregister(group: string): void {
    this.#producers.delete(group);
  }
}
