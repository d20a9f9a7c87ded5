import type { ServerConnection } from '../server-connection.ts';

/** A client that registered for a group on one connection (Java: `ClientChannelInfo`). */
export interface RegisteredClient {
  readonly connection: ServerConnection;
  readonly clientId: string;
  readonly language: number;
  readonly version: number;
  /** Epoch ms of its last heartbeat. */
  readonly lastHeartbeatAt: number;
}

/** Clients by group and connection: what Java's `ProducerManager` and `ConsumerManager` have in common. */
export class ClientTable<Client extends RegisteredClient = RegisteredClient> {
  readonly #groups = new Map<string, Map<ServerConnection, Client>>();

  /** Registers a client, or renews it; true when its connection is new to the group. */
  register(group: string, client: Client): boolean {
    let clients = this.#groups.get(group);
    if (clients === undefined) {
      clients = new Map();
      this.#groups.set(group, clients);
    }
    const isNew = !clients.has(client.connection);
    clients.set(client.connection, client);
    return isNew;
  }

  /** Takes a connection out of a group; answers the client that was there. */
  unregister(group: string, connection: ServerConnection): Client | undefined {
    const clients = this.#groups.get(group);
    const client = clients?.get(connection);
    clients?.delete(connection);
    if (clients?.size === 0) this.#groups.delete(group);
    return client;
  }

  /** Takes a connection out of every group; answers the groups it was in. */
  unregisterAll(connection: ServerConnection): readonly string[] {
    return this.groups().filter((group) => this.unregister(group, connection) !== undefined);
  }

  groups(): string[] {
    return [...this.#groups.keys()];
  }

  /** Clients of a group, in the order they registered. */
  clients(group: string): readonly Client[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
  }

  /** The client of a group on a connection. */
  client(group: string, connection: ServerConnection): Client | undefined {
    return this.#groups.get(group)?.get(connection);
  }

  /** Clients without a heartbeat since an instant, each connection once. */
  silentSince(at: number): ReadonlySet<ServerConnection> {
    const silent = [...this.#groups.values()].flatMap((clients) => [...clients.values()]);
    return new Set(silent.filter((client) => client.lastHeartbeatAt <= at).map(({ connection }) => connection));
  }
}
