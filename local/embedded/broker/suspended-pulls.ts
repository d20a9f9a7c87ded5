import type { Clock } from '../../../functions/rocketmq/clock.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer } from '../exchange.ts';
import type { ServerConnection } from '../server-connection.ts';
import type { MessageStore } from './message-store.ts';

/** A pull that found nothing and waits. */
export interface SuspendedPull {
  readonly topic: string;
  readonly queueId: number;
  readonly connection: ServerConnection;
  /** Looks again. */
  readonly read: () => Answer;
  /** Epoch ms: then it is answered with what there is, even when that is nothing. */
  readonly until: number;
}

interface Waiting extends SuspendedPull {
  timer: NodeJS.Timeout | undefined;
  /** Epoch ms that the timer is set to. */
  nextLookAt: number;
  readonly resolve: (answer: Answer | undefined) => void;
}

/**
 * Pulls held until a message arrives or their time is over (Java: `PullRequestHoldService`). The timers live in a server,
 * and only while a pull is held; each also looks when the next delayed message becomes due.
 */
export class SuspendedPulls {
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();

  constructor(store: MessageStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    store.onArrival((topic, queueId) => {
      for (const pull of this.#waiting) {
        if (pull.topic === topic && pull.queueId === queueId) this.#look(pull);
        // It may be a delayed message that becomes due before the pull would look again.
        else if ((store.nextDueAt ?? pull.nextLookAt) < pull.nextLookAt) this.#wait(pull);
      }
    });
  }

  /** Holds a pull; `undefined` when its connection or the broker went away. */
  add(pull: SuspendedPull): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const waiting: Waiting = { ...pull, timer: undefined, nextLookAt: pull.until, resolve };
    this.#waiting.add(waiting);
    this.#wait(waiting);
    return promise;
  }

  /** Lets go of the pulls of a connection, or of all. */
  drop(connection?: ServerConnection): void {
    for (const pull of this.#waiting) {
      if (connection === undefined || pull.connection === connection) this.#end(pull, undefined);
    }
  }

  #look(pull: Waiting): void {
    const answer = pull.read();
    // Looking may deliver what was due, and so have answered this very pull.
    if (!this.#waiting.has(pull)) return;
    if (answer.code !== ResponseCode.PULL_NOT_FOUND || this.#clock.now() >= pull.until) this.#end(pull, answer);
    else this.#wait(pull);
  }

  #wait(pull: Waiting): void {
    clearTimeout(pull.timer);
    pull.nextLookAt = Math.min(pull.until, this.#store.nextDueAt ?? pull.until);
    pull.timer = setTimeout(() => this.#look(pull), Math.max(1, pull.nextLookAt - this.#clock.now()));
    pull.timer.unref();
  }

  #end(pull: Waiting, answer: Answer | undefined): void {
    clearTimeout(pull.timer);
    this.#waiting.delete(pull);
    pull.resolve(answer);
  }
}
