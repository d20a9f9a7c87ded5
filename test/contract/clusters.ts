import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { inject, type TestContext } from 'vitest';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import type { ClusterHandle } from '../../local/cluster-handle.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';

/** A cluster that the contract is tested on, with the means to set it up and look into it from outside. */
export interface ContractCluster extends ClusterHandle {
  readonly admin: AdminClient;
  /** Client ids registered for a producer group on the first broker. */
  producerIds(group: string): Promise<string[]>;
}

/** What the one suite runs on. What passes on the embedded cluster alone does not count. */
export const contractKinds = ['embedded', '5.5.0', '4.9.5'] as const;

/** Longest that a test may take which is the first to want a real cluster: it has to start, and its jars may have to be fetched. */
export const CLUSTER_START_LIMIT_MS = 300_000;

/** Answered by real brokers, and by nobody else's need: who is registered for a producer group. */
const GET_PRODUCER_CONNECTION_LIST = 204;

/**
 * A cluster of a kind: an embedded one of the caller's own, or the real one that the whole test run shares. A test that wants
 * a real one where Java or Maven is missing is skipped with that reason; where `CI` is set it fails instead.
 */
export async function openContractCluster(kind: ClusterHandle['kind'], context: TestContext): Promise<ContractCluster> {
  return kind === 'embedded' ? openEmbedded() : openShared(kind, context);
}

/** Makes a topic that nobody else uses, and returns its name. */
export async function freshTopic({ admin }: { readonly admin: AdminClient }, queues = 4): Promise<string> {
  const topic = uniqueName('contract');
  await admin.createTopic(topicConfig(topic, queues));
  return topic;
}

/** A name that no other test of any process has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

async function openEmbedded(): Promise<ContractCluster> {
  // Automatic creation: the switch that real clusters often leave on, so that nothing passes only because it is off.
  const cluster: EmbeddedCluster = await startEmbeddedCluster({ autoCreateTopics: true, recallMessageEnable: true });
  const admin = new AdminClient(cluster);
  const stop = async () => {
    await admin.close();
    await cluster.stop();
  };
  return {
    kind: 'embedded',
    nameServerAddrs: cluster.nameServerAddrs,
    brokerAddrs: cluster.brokerAddrs,
    admin,
    producerIds: async (group) =>
      cluster
        .broker()
        .producers.clients(group)
        .map(({ clientId }) => clientId),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function openShared(kind: '5.5.0' | '4.9.5', context: TestContext): Promise<ContractCluster> {
  const response = await fetch(`${inject('realClustersUrl')}/${kind}`);
  if (!response.ok) throw new Error(`RocketMQ ${kind} did not start: ${await response.text()}`);
  const answer = (await response.json()) as SharedClusterAnswer;
  if (answer.missing !== undefined) {
    if (process.env.CI) throw new Error(answer.missing);
    context.skip(answer.missing);
  }
  const { nameServerAddrs = [], brokerAddrs = [] } = answer;
  const admin = new AdminClient({ nameServerAddrs });
  const stop = () => admin.close();
  return {
    kind,
    nameServerAddrs,
    brokerAddrs,
    admin,
    producerIds: (group) => askProducerIds(brokerAddrs[0] ?? '', group),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface SharedClusterAnswer {
  readonly missing?: string;
  readonly nameServerAddrs?: readonly string[];
  readonly brokerAddrs?: readonly string[];
}

/** Client ids registered for a producer group on a real broker. */
export async function askProducerIds(brokerAddr: string, producerGroup: string): Promise<string[]> {
  await using connection = await AdminConnection.open(brokerAddr);
  const request = { code: GET_PRODUCER_CONNECTION_LIST, extFields: { producerGroup } };
  const { code, body } = await connection.request(request);
  // A broker that knows no such group answers an error.
  if (code !== 0) return [];
  const { connectionSet = [] } = JSON.parse(Buffer.from(body).toString()) as { connectionSet?: { clientId: string }[] };
  return connectionSet.map(({ clientId }) => clientId);
}
