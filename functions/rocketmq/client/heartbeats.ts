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
  /** Client id by address, drawn anew for each connection. */
  private readonly clientIds = new Map<string, string>();

  constructor(remoting: RemotingClient, versions: BrokerVersionTable, newClientId: () => string) {
    this.remoting = remoting;
    this.versions = versions;
    this.newClientId = newClientId;
  }

  /** Registers on a connection just opened, under a new client id, before anything else is written on it. */
  async greet(connection: Connection, groups: readonly string[], timeoutMs: number): Promise<void> {
    this.clientIds.set(connection.addr, this.newClientId());
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
