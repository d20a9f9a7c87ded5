import { monotonicMs } from '../clock.ts';
import { allSettled, deadlineAfter, settledBy } from '../deadline.ts';
import {
  AccessDeniedError,
  BrokerError,
  DeadlineError,
  RemotingConnectError,
  RemotingSendRequestError,
  RemotingTimeoutError,
} from '../errors.ts';
import { encodeHeartbeatData } from '../protocol/heartbeat-data.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../protocol/response-code.ts';
import type { Connection } from '../remoting/connection.ts';
import type { RemotingClient } from '../remoting/remoting-client.ts';
import { isAccessDenial } from './access-denial.ts';
import type { BrokerVersionTable } from './broker-version-table.ts';

/** A client id that every master of a cluster knows this client by. */
export interface CommonRegistration {
  readonly clientId: string;
  /** To be called once, when nothing is expected under this id any more. */
  release(): void;
}

/**
 * Registers this client's producer groups with brokers. A broker closes a registered connection that sent no heartbeat
 * for 120 s, even under a running send; so masters we are connected to are told regularly, and no others: where there
 * is no connection, nothing is registered.
 */
export class Heartbeats {
  readonly #remoting: RemotingClient;
  readonly #versions: BrokerVersionTable;
  readonly #newClientId: () => string;
  /** Client id by address, of the connection there is or was. */
  readonly #clientIds = new Map<string, string>();
  /** Client ids that the next connection to an address is to have. */
  readonly #reservedIds = new Map<string, string>();
  /** Client ids that replies are expected under, and by how many requests. */
  readonly #heldIds = new Map<string, number>();
  /** Settles with the last registration under a common id. */
  #registering: Promise<unknown> = Promise.resolve();
  /** Groups that were named on a connection and not taken off it, each with the answer to the heartbeat that did; without one when that failed. */
  readonly #named = new WeakMap<Connection, Map<string, Promise<void> | undefined>>();
  /** Id of new connections, until one replaces another: a broker may not have noticed yet that the old one is dead. */
  #currentId: string | undefined;

  constructor(remoting: RemotingClient, versions: BrokerVersionTable, newClientId: () => string) {
    this.#remoting = remoting;
    this.#versions = versions;
    this.#newClientId = newClientId;
  }

  /** Takes in a connection just opened, whether there is anything to register on it now or not: it has a client id of its own. */
  adopt({ addr }: Connection): void {
    // It may lead to another broker than the one before, as after an upgrade.
    this.#versions.delete(addr);
    const reserved = this.#reservedIds.get(addr) ?? this.#heldIdOf(addr);
    this.#reservedIds.delete(addr);
    if (reserved === undefined && this.#clientIds.has(addr)) this.#currentId = undefined;
    this.#currentId ??= this.#newClientId();
    this.#clientIds.set(addr, reserved ?? this.#currentId);
  }

  /** Registers on a connection just adopted, before anything else is written on it. */
  greet(connection: Connection, groups: readonly string[], timeoutMs: number): Promise<void> {
    return this.#name(connection, groups, timeoutMs);
  }

  /**
   * Version of a broker: as it last answered on the connection to it; else it is sent a heartbeat, whose answer tells.
   * @throws RemotingConnectError when there was no connection, or no answer on it: what the version was asked for was not sent;
   * AccessDeniedError, BrokerError
   */
  async versionOf(addr: string, groups: readonly string[], timeoutMs: number): Promise<number> {
    // Without a connection nobody knows which broker is there by now.
    const known = this.#remoting.connectionTo(addr) && this.#versions.get(addr);
    if (known !== undefined) return known;
    const startedAt = monotonicMs();
    try {
      await this.#remoting.withConnection(addr, timeoutMs, (connection, leftMs) =>
        this.#name(connection, groups, leftMs),
      );
    } catch (error) {
      if (!(error instanceof RemotingSendRequestError || error instanceof RemotingTimeoutError)) throw error;
      const reason = `the broker did not tell its version: ${error.message}`;
      throw new RemotingConnectError(addr, reason, Math.round(monotonicMs() - startedAt), error);
    }
    return this.#versions.get(addr) ?? 0;
  }

  /** Refreshes the registration at each of these addresses that is connected; one that fails does not hold up the others. */
  async refresh(addrs: readonly string[], groups: readonly string[], timeoutMs: number): Promise<void> {
    const connections = addrs.flatMap((addr) => this.#remoting.connectionTo(addr) ?? []);
    await allSettled(connections.map((connection) => this.#beat(connection, groups, timeoutMs)));
  }

  /** Takes a group off every broker it is registered at. The connections stay open, and none is opened for it. */
  async unregister(group: string, timeoutMs: number): Promise<void> {
    await Promise.allSettled(
      [...this.#clientIds].map(([addr, clientID]) => {
        const extFields = { clientID, producerGroup: group };
        return this.#remoting
          .connectionTo(addr)
          ?.request({ code: RequestCode.UNREGISTER_CLIENT, extFields }, timeoutMs);
      }),
    );
  }

  /**
   * Registers at every one of these addresses under one client id, which connections that replace them keep until it is
   * released: replies are on their way to it. Calls take turns, or they would end each other's connections.
   * @throws DeadlineError when it did not get its turn in time, and what keeps it off some of them.
   */
  async registerAll(
    addrs: readonly string[],
    groups: readonly string[],
    timeoutMs: number,
  ): Promise<CommonRegistration> {
    const limit = deadlineAfter(timeoutMs);
    const before = this.#registering;
    const turn = settledBy(before, limit, () => new DeadlineError('registration with every master', 0, 1));
    const registration = turn.then(async () => {
      const clientId = await this.#commonId(addrs, groups, Math.max(1, limit.remainingMs()));
      return this.#hold(clientId);
    });
    // One that gave up waiting has settled before those ahead of it, for which the next one has to wait all the same.
    this.#registering = Promise.allSettled([before, registration]);
    return registration;
  }

  /**
   * The one id of these connections. A broker ties an id to a connection when that is new, so a connection that was
   * registered under another id is replaced by a new one.
   */
  async #commonId(addrs: readonly string[], groups: readonly string[], timeoutMs: number): Promise<string> {
    const ids = new Set(addrs.map((addr) => this.#remoting.connectionTo(addr) && this.#clientIds.get(addr)));
    const [common] = ids;
    if (ids.size === 1 && common !== undefined) {
      await allSettled(addrs.map((addr) => this.#nameWhereUnnamed(addr, groups, timeoutMs)));
      return common;
    }
    const clientId = this.#newClientId();
    this.#currentId = clientId;
    await allSettled(
      addrs.map((addr) => {
        this.#reservedIds.set(addr, clientId);
        this.#remoting.retire(addr);
        // The connection begins with a greeting; this heartbeat's answer tells that it was taken.
        return this.#remoting.withConnection(addr, timeoutMs, (connection, leftMs) =>
          this.#beat(connection, groups, leftMs),
        );
      }),
    );
    return clientId;
  }

  /** Registers at a connected master that does not know these groups: there was no time to, or it failed. */
  async #nameWhereUnnamed(addr: string, groups: readonly string[], timeoutMs: number): Promise<void> {
    const connection = this.#remoting.connectionTo(addr);
    const named = connection && this.#named.get(connection);
    if (connection === undefined || groups.every((group) => named?.get(group) !== undefined)) return;
    await this.#beat(connection, groups, timeoutMs);
  }

  #hold(clientId: string): CommonRegistration {
    this.#heldIds.set(clientId, (this.#heldIds.get(clientId) ?? 0) + 1);
    const release = () => {
      const left = (this.#heldIds.get(clientId) ?? 0) - 1;
      if (left > 0) this.#heldIds.set(clientId, left);
      else this.#heldIds.delete(clientId);
    };
    return { clientId, release };
  }

  #heldIdOf(addr: string): string | undefined {
    const clientId = this.#clientIds.get(addr);
    return clientId !== undefined && this.#heldIds.has(clientId) ? clientId : undefined;
  }

  /**
   * Registers a group at a broker, connecting first where needed; where the connection knows the group, nothing is sent. The
   * heartbeat is written when this resolves; what it resolves to settles with its answer, and rejects when the connection ends
   * before: then the group is not registered.
   */
  announce(addr: string, group: string, timeoutMs: number): Promise<{ readonly answered: Promise<void> }> {
    return this.#remoting.withConnection(addr, timeoutMs, (connection, leftMs) => ({
      answered: this.#named.get(connection)?.get(group) ?? this.#name(connection, [group], leftMs),
    }));
  }

  /** Takes groups off every broker that they were named to. Where that fails the connection is ended: the broker forgets then. */
  async withdraw(groups: readonly string[], timeoutMs: number): Promise<void> {
    await Promise.all(
      [...this.#clientIds].map(async ([addr, clientID]) => {
        const connection = this.#remoting.connectionTo(addr);
        const named = connection && this.#named.get(connection);
        if (connection === undefined || named === undefined) return;
        const ended = groups.filter((group) => named.delete(group));
        const unregistered = allSettled(
          ended.map(async (producerGroup) => {
            const request = { code: RequestCode.UNREGISTER_CLIENT, extFields: { clientID, producerGroup } };
            this.#check(addr, await connection.request(request, timeoutMs), 'unregister');
          }),
        );
        // Not closed at once: the next invocation may have begun meanwhile, and send on it.
        await unregistered.catch(() => connection.retire('error'));
      }),
    );
  }

  /** Whether replies are expected under a client id, on any of its connections. */
  get isIdAwaited(): boolean {
    return this.#heldIds.size > 0;
  }

  /** Forgets a broker that is not used any more. */
  forget(addr: string): void {
    this.#clientIds.delete(addr);
  }

  async #beat(connection: Connection, groups: readonly string[], timeoutMs: number): Promise<void> {
    try {
      await this.#name(connection, groups, timeoutMs);
    } catch (error) {
      // The registration ended with the connection. The next one is greeted, under an id of its own: to send this
      // heartbeat again there would register the old id once more.
      if (!(error instanceof RemotingSendRequestError)) throw error;
    }
  }

  #name(connection: Connection, groups: readonly string[], timeoutMs: number): Promise<void> {
    const { addr } = connection;
    const body = encodeHeartbeatData({ clientID: this.#clientId(addr), producerGroups: groups, consumerDataSet: [] });
    const request = { code: RequestCode.HEART_BEAT, extFields: {}, body };
    const answered = connection.request(request, timeoutMs).then((answer) => this.#check(addr, answer));
    const named = this.#named.get(connection) ?? new Map<string, Promise<void> | undefined>();
    this.#named.set(connection, named);
    for (const group of groups) named.set(group, answered);
    return answered.catch((error) => {
      // It may have been taken in all the same: it is named again when it has to be, and taken off in any case.
      for (const group of groups) if (named.get(group) === answered) named.set(group, undefined);
      throw error;
    });
  }

  #clientId(addr: string): string {
    const present = this.#clientIds.get(addr);
    if (present !== undefined) return present;
    const drawn = this.#newClientId();
    this.#clientIds.set(addr, drawn);
    return drawn;
  }

  #check(
    addr: string,
    answer: { code: number; version: number; remark: string | undefined },
    what = 'heartbeat',
  ): void {
    this.#versions.record(addr, answer.version);
    if (answer.code === ResponseCode.SUCCESS) return;
    // What asks for a heartbeat first, such as a delayed message, is then denied like any other request.
    if (isAccessDenial(answer.code, answer.remark)) throw new AccessDeniedError(addr, answer.remark);
    const name = responseCodeName(answer.code);
    throw new BrokerError(addr, { code: answer.code, name, remark: answer.remark, retryable: true }, what);
  }
}
