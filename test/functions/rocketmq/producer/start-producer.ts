import {
  type Client,
  type ClientOptions,
  createClient,
  deadlineAfter,
  type Producer,
  type ProducerOptions,
} from '#rocketmq';
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  startEmbeddedCluster,
} from '../../../../local/embedded/embedded-cluster.ts';

/** A producer and the cluster it sends to. */
export interface StartedProducer extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly client: Client;
  readonly producer: Producer;
}

export interface StartProducerOptions {
  readonly cluster?: EmbeddedClusterOptions;
  readonly client?: ClientOptions;
  readonly producer?: Partial<ProducerOptions>;
}

export const TOPIC = 'orders';

/** Two masters, with four queues of the topic on each. */
export const TWO_BROKERS: EmbeddedClusterOptions = {
  brokers: [{ name: 'broker-a' }, { name: 'broker-b' }],
  topics: [{ name: TOPIC, queues: 4 }],
};

/** Starts a cluster (one broker with four queues of the topic, unless told otherwise) and a client with one producer. */
export async function startProducer(options: StartProducerOptions = {}): Promise<StartedProducer> {
  const cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }], ...options.cluster });
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, ...options.client });
  const producer = client.producer({ group: 'test-producer', ...options.producer });
  const stop = async () => {
    await client.shutdown(deadlineAfter(1000));
    await cluster.stop();
  };
  return { cluster, client, producer, [Symbol.asyncDispose]: stop };
}

/** What a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}
