import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import type { ServerConnection } from '../server-connection.ts';
import { ClientTable, type RegisteredClient } from './client-table.ts';

/** A request of the broker to a producer. */
export type BrokerRequest = Pick<RemotingCommand, 'code' | 'extFields' | 'body'>;

/** A registered producer. */
export interface RegisteredProducer extends RegisteredClient {
  /** Passes on what the broker asks, where there is a proxy in between; it asks the connection itself otherwise. */
  readonly relay?: (request: BrokerRequest) => void;
}

/**
 * Producers by group, and their connections by client id (Java: `ProducerManager`). With its faults: a client id is put
 * down for a new connection only, never for a known one, and is dropped when a connection of that id ends, whichever it
 * was put down for. So a client that comes back under its old id may become unreachable by it for good.
 */
export class ProducerTable {
  readonly #table = new ClientTable<RegisteredProducer>();
  readonly #connectionsById = new Map<string, ServerConnection>();
  #turn = 0;

  register(group: string, client: RegisteredProducer): void {
    if (this.#table.register(group, client)) this.#connectionsById.set(client.clientId, client.connection);
  }

  unregister(group: string, connection: ServerConnection, clientId: string): void {
    if (this.#table.clients(group).length > 0) this.#connectionsById.delete(clientId);
    this.#table.unregister(group, connection);
  }

  /** Drops a connection that has ended, and the ids it had. */
  connectionClosed(connection: ServerConnection): void {
    for (const clientId of this.#idsOf(connection)) this.#connectionsById.delete(clientId);
    this.#table.unregisterAll(connection);
  }

  /** Drops clients without a heartbeat since an instant; answers their connections, to be closed. */
  expire(since: number): ReadonlySet<ServerConnection> {
    const silent = this.#table.silentSince(since);
    for (const connection of silent) {
      for (const clientId of this.#idsOf(connection)) {
        if (this.#connectionsById.get(clientId) === connection) this.#connectionsById.delete(clientId);
      }
      this.#table.unregisterAll(connection);
    }
    return silent;
  }

  /** Clients of a group, in the order they registered. */
  clients(group: string): readonly RegisteredProducer[] {
    return this.#table.clients(group);
  }

  /** Where a client id is to be reached, as far as the broker knows. */
  connectionOf(clientId: string): ServerConnection | undefined {
    return this.#connectionsById.get(clientId);
  }

  /**
   * The client of a group whose turn it is to be asked (Java: `getAvailableChannel`). One counter serves all groups and all
   * messages, so of two clients the same may be asked for the same message round after round.
   */
  nextClient(group: string): RegisteredProducer | undefined {
    const clients = this.#table.clients(group);
    if (clients.length === 0) return undefined;
    this.#turn++;
    const inTurn = [0, 1, 2].map((step) => clients[(this.#turn + step) % clients.length]);
    return inTurn.find((client) => client?.connection.isOpen);
  }

  #idsOf(connection: ServerConnection): string[] {
    const clients = this.#table.groups().map((group) => this.#table.client(group, connection));
    return clients.flatMap((client) => client?.clientId ?? []);
  }
}
