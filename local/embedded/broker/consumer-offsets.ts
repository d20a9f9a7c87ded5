/** How far consumer groups have come, per queue (Java: `ConsumerOffsetManager`). */
export class ConsumerOffsets {
  readonly #offsets = new Map<string, bigint>();

  /** `undefined` when the group has committed nothing for the queue. */
  get(group: string, topic: string, queueId: number): bigint | undefined {
    return this.#offsets.get(offsetKey(group, topic, queueId));
  }

  commit(group: string, topic: string, queueId: number, offset: bigint): void {
    this.#offsets.set(offsetKey(group, topic, queueId), offset);
  }
}

function offsetKey(group: string, topic: string, queueId: number): string {
  return `${topic}@${group}\n${queueId}`;
}
