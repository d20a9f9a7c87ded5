import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import { type Client, type ClientOptions, createClient, type Producer, type ProducerOptions } from '#rocketmq';
import { CLUSTER_START_LIMIT_MS, type ContractCluster, openContractCluster, uniqueName } from './clusters.ts';

/** A cluster for the tests of one `describe`, and clients that each test makes of it. */
export interface CapabilityCluster {
  /** There when a test runs. */
  readonly cluster: ContractCluster;
  newClient(options?: Partial<ClientOptions>): Client;
  /** A producer on a client of its own, under a group that nobody else has unless one is given. */
  newProducer(options?: Partial<ProducerOptions>, clientOptions?: Partial<ClientOptions>): Producer;
}

/** Opens a cluster of a kind for the `describe` it is called in; after each test its clients must have nothing under way. */
export function useCapabilityCluster(kind: ContractCluster['kind']): CapabilityCluster {
  let opened: ContractCluster | undefined;
  const clients: Client[] = [];
  beforeEach(async (context) => {
    opened ??= await openContractCluster(kind, context);
  }, CLUSTER_START_LIMIT_MS);
  afterEach(async () => {
    // A heartbeat may be answered after the sends that it went with.
    const pendingCount = () => clients.reduce((sum, client) => sum + client.pendingCount, 0);
    await expect.poll(pendingCount).toBe(0);
    await Promise.all(clients.splice(0).map((client) => client.shutdown()));
  });
  afterAll(() => opened?.stop());
  const cluster = () => {
    if (opened === undefined) throw new Error('the cluster is opened before each test');
    return opened;
  };
  const newClient = (options: Partial<ClientOptions> = {}) => {
    const client = createClient({ nameServerAddrs: cluster().nameServerAddrs, ...options });
    clients.push(client);
    return client;
  };
  return {
    get cluster() {
      return cluster();
    },
    newClient,
    newProducer: (options = {}, clientOptions = {}) =>
      newClient(clientOptions).producer({ group: uniqueName('contract'), ...options }),
  };
}
