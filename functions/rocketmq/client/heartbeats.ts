import { BrokerError } from '../errors.ts';
import { encodeHeartbeatData } from '../protocol/heartbeat-data.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../protocol/response-code.ts';
import type { Connection } from '../remoting/connection.ts';
import type { RemotingClient } from '../remoting/remoting-client.ts';
import type { BrokerVersionTable } from './broker-version-table.ts';

/**
 * Registers this client's producer groups with brokers. A broker closes a registered connection that sent no heartbeat
 * for 120 s, even under a running send; so masters we are connected to are told regularly, and no others: where there
 * is no connection, nothing is registered.
 */
export class Heartbeats {
  private readonly remoting: RemotingClient;
  private readonly versions: BrokerVersionTable;
  private readonly newClientId: () => string;
  /** Client id by address, of the connection there is or was. */
  private readonly clientIds = new Map<string, string>();
  /** Client ids that the next connection to an address is to have. */
  private readonly reservedIds = new Map<string, string>();
  /** Id of new connections, until one replaces another: a broker may not have noticed yet that the old one is dead. */
  private currentId: string;

  constructor(remoting: RemotingClient, versions: BrokerVersionTable, newClientId: () => string) {
    this.remoting = remoting;
    this.versions = versions;
    this.newClientId = newClientId;
    this.currentId = newClientId();
  }

  /** Registers on a connection just opened, before anything else is written on it. */
  async greet(connection: Connection, groups: readonly string[], timeoutMs: number): Promise<void> {
    const { addr } = connection;
    const reserved = this.reservedIds.get(addr);
    this.reservedIds.delete(addr);
    if (reserved === undefined && this.clientIds.has(addr)) this.currentId = this.newClientId();
    this.clientIds.set(addr, reserved ?? this.currentId);
    const answer = await connection.request(this.heartbeat(connection.addr, groups), timeoutMs);
    this.check(connection.addr, answer);
  }

  /** Refreshes the registration at each of these addresses that is connected; one that fails does not hold up the others. */
  async refresh(addrs: readonly string[], groups: readonly string[], timeoutMs: number): Promise<void> {
    const connected = new Set(this.remoting.connectedAddrs);
    const beats = addrs.filter((addr) => connected.has(addr)).map((addr) => this.beat(addr, groups, timeoutMs));
    const failed = (await Promise.allSettled(beats)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Takes a group off every broker it was registered at. The connections stay open. */
  async unregister(group: string, timeoutMs: number): Promise<void> {
    const connected = this.remoting.connectedAddrs.filter((addr) => this.clientIds.has(addr));
    await Promise.allSettled(
      connected.map((addr) => {
        const extFields = { clientID: this.clientId(addr), producerGroup: group };
        return this.remoting.invoke(addr, { code: RequestCode.UNREGISTER_CLIENT, extFields }, timeoutMs);
      }),
    );
  }

  /**
   * Registers at every one of these addresses under one client id, and answers it. A broker ties an id to a connection
   * when that is new, so a connection that was registered under another id is replaced by a new one.
   */
  async registerAll(addrs: readonly string[], groups: readonly string[], timeoutMs: number): Promise<string> {
    const connected = new Set(this.remoting.connectedAddrs);
    const ids = new Set(addrs.map((addr) => (connected.has(addr) ? this.clientIds.get(addr) : undefined)));
    const [common] = ids;
    if (ids.size === 1 && common !== undefined) return common;
    const clientId = this.newClientId();
    this.currentId = clientId;
    await Promise.all(
      addrs.map(async (addr) => {
        this.reservedIds.set(addr, clientId);
        this.remoting.retire(addr);
        // The connection begins with a greeting; this heartbeat's answer tells that it was taken.
        await this.beat(addr, groups, timeoutMs);
      }),
    );
    return clientId;
  }

  private async beat(addr: string, groups: readonly string[], timeoutMs: number): Promise<void> {
    this.check(addr, await this.remoting.invoke(addr, this.heartbeat(addr, groups), timeoutMs));
  }

  private heartbeat(addr: string, groups: readonly string[]) {
    const body = encodeHeartbeatData({ clientID: this.clientId(addr), producerGroups: groups, consumerDataSet: [] });
    return { code: RequestCode.HEART_BEAT, extFields: {}, body };
  }

  private clientId(addr: string): string {
    const present = this.clientIds.get(addr);
    if (present !== undefined) return present;
    const drawn = this.newClientId();
    this.clientIds.set(addr, drawn);
    return drawn;
  }

  private check(addr: string, answer: { code: number; version: number; remark: string | undefined }): void {
    this.versions.record(addr, answer.version);
    if (answer.code === ResponseCode.SUCCESS) return;
    const name = responseCodeName(answer.code);
    throw new BrokerError(addr, { code: answer.code, name, remark: answer.remark, retryable: true }, 'heartbeat');
  }
}
