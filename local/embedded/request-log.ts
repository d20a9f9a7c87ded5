import type { ExtFields } from '../../functions/rocketmq/protocol/ext-fields.ts';
import { isOneway, type RemotingCommand } from '../../functions/rocketmq/protocol/remoting-command.ts';

/** One request as it arrived. */
export interface LoggedRequest {
  /** Epoch ms by the server's clock. */
  readonly at: number;
  /** Counts the connections of the server from 1. */
  readonly connectionId: number;
  readonly code: number;
  /** Version number that the client declared. */
  readonly version: number;
  readonly opaque: number;
  readonly isOneway: boolean;
  readonly extFields: ExtFields;
}

/** Entries kept; older ones are forgotten, but stay counted. */
const KEPT_REQUESTS = 1000;

/** What arrived at one server, for tests: counts by request code, the last requests, and a way to wait for one. */
export class RequestLog {
  readonly #counts = new Map<number, number>();
  readonly #last: LoggedRequest[] = [];
  #waiting: { code: number; count: number; resolve: () => void }[] = [];

  /** Requests of a code so far, or of all codes. */
  count(code?: number): number {
    if (code !== undefined) return this.#counts.get(code) ?? 0;
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The last thousand requests, oldest first; of one code only when one is given. */
  last(code?: number): readonly LoggedRequest[] {
    return this.#last.filter((request) => code === undefined || request.code === code);
  }

  /** Resolves when so many requests of a code have arrived in all; at once when they have already. */
  async arrived(code: number, count: number): Promise<void> {
    if (this.count(code) >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ code, count, resolve }));
  }

  /** Takes note of a request. */
  record(at: number, connectionId: number, request: RemotingCommand): void {
    const { code, version, opaque, extFields } = request;
    this.#counts.set(code, this.count(code) + 1);
    this.#last.push({ at, connectionId, code, version, opaque, isOneway: isOneway(request), extFields });
    // Dropped in blocks: shifting a thousand entries at each request would cost more than serving it.
    if (this.#last.length >= KEPT_REQUESTS * 2) this.#last.splice(0, KEPT_REQUESTS);
    const fulfilled = this.#waiting.filter((waiting) => this.count(waiting.code) >= waiting.count);
    if (fulfilled.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => !fulfilled.includes(waiting));
    for (const { resolve } of fulfilled) resolve();
  }
}
