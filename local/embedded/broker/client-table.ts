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

/** Clients by group and connection: producers or consumers of one broker (Java: `ProducerManager`, `ConsumerManager`). */
export class ClientTable {
  readonly #groups = new Map<string, Map<ServerConnection, RegisteredClient>>();

  /** Registers a client, or renews it; true when its connection is new to the group. */
  register(group: string, client: RegisteredClient): boolean {
    let clients = this.#groups.get(group);
    if (clients === undefined) {
      clients = new Map();
      this.#groups.set(group, clients);
    }
    const isNew = !clients.has(client.connection);
    clients.set(client.connection, client);
    return isNew;
  }

  /** Takes a connection out of a group; true when it was in it. */
  unregister(group: string, connection: ServerConnection): boolean {
    const clients = this.#groups.get(group);
    const wasThere = clients?.delete(connection) ?? false;
    if (clients?.size === 0) this.#groups.delete(group);
    return wasThere;
  }

  /** Takes a connection out of every group; answers the groups it was in. */
  unregisterAll(connection: ServerConnection): string[] {
    return this.groups().filter((group) => this.unregister(group, connection));
  }

  groups(): string[] {
    return [...this.#groups.keys()];
  }

  /** Clients of a group, in the order they registered. */
  clients(group: string): readonly RegisteredClient[] {
    return [...(this.#groups.get(group)?.values() ?? [])];
  }

  /** Clients without a heartbeat since an instant, each connection once. */
  silentSince(at: number): ReadonlySet<ServerConnection> {
    const silent = [...this.#groups.values()].flatMap((clients) => [...clients.values()]);
    return new Set(silent.filter((client) => client.lastHeartbeatAt <= at).map(({ connection }) => connection));
  }
}
