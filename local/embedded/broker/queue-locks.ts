/** A lock that was not renewed for so long is free (Java: `RebalanceLockManager`). */
const LOCK_EXPIRY_MS = 60_000;

/** A queue as requests to lock it name it. */
export interface LockableQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** Which consumer of a group has a queue for itself. */
export class QueueLocks {
  readonly #locks = new Map<string, Map<string, { readonly clientId: string; readonly lockedAt: number }>>();

  /** Locks a queue for a client, or renews its lock; false when another client has it. */
  lock(group: string, queue: LockableQueue, clientId: string, now: number): boolean {
    const ofGroup = this.#locks.get(group) ?? new Map();
    this.#locks.set(group, ofGroup);
    const held = ofGroup.get(keyOf(queue));
    if (held !== undefined && held.clientId !== clientId && now - held.lockedAt < LOCK_EXPIRY_MS) return false;
    ofGroup.set(keyOf(queue), { clientId, lockedAt: now });
    return true;
  }

  /** Gives a queue back, if it is this client's. */
  unlock(group: string, queue: LockableQueue, clientId: string): void {
    const ofGroup = this.#locks.get(group);
    if (ofGroup?.get(keyOf(queue))?.clientId === clientId) ofGroup.delete(keyOf(queue));
  }

  /** Whether any queue is locked for the group: it consumes in order. */
  isAnyHeld(group: string, now: number): boolean {
    const locks = [...(this.#locks.get(group)?.values() ?? [])];
    return locks.some(({ lockedAt }) => now - lockedAt < LOCK_EXPIRY_MS);
  }
}

function keyOf({ topic, queueId }: LockableQueue): string {
  return `${topic}\n${queueId}`;
}
