import {
  type Client,
  type ClientOptions,
  createClient,
  deadlineAfter,
  type Producer,
  type TransactionCheckListener,
  type TransactionCheckReport,
  type TransactionOutcome,
} from '#rocketmq';
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  startEmbeddedCluster,
} from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { TOPIC } from './start-producer.ts';

export const GROUP = 'PG';
export const MESSAGE = { topic: TOPIC, body: 'order 1' };
/** Later than a half message is first checked. */
const CHECKABLE_MS = 7_000;

/** A cluster with sandboxes that send transactional messages of one group. */
export interface StartedSandboxes extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly clock: GivenClock;
  /** A client of its own, as another sandbox has. */
  sandbox(options?: Partial<ClientOptions>): { client: Client; producer: Producer };
  /** Lets the time pass after which half messages are checked, and a round of checks begin. */
  check(): void;
}

export async function startSandboxes(options: EmbeddedClusterOptions = {}): Promise<StartedSandboxes> {
  const clock = new GivenClock();
  const cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 2 }], clock, ...options });
  const clients: Client[] = [];
  return {
    cluster,
    clock,
    sandbox: (options = {}) => {
      const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, clock, ...options });
      clients.push(client);
      return { client, producer: client.producer({ group: GROUP }) };
    },
    check: () => {
      clock.advance(CHECKABLE_MS);
      cluster.broker().checkTransactions();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.shutdown(deadlineAfter(1000))));
      await cluster.stop();
    },
  };
}

export const begin = (client: Client) => client.beginInvocation(deadlineAfter(5_000));

/** Clients of the group that the broker knows. */
export const registered = (cluster: EmbeddedCluster) => cluster.broker().producers.clients(GROUP).length;

/** A listener that answers the same to all, and remembers what it was asked and told. */
export function listener(outcome: TransactionOutcome) {
  const asked: string[] = [];
  const reports: TransactionCheckReport[] = [];
  const check: TransactionCheckListener['check'] = async ({ msgId }) => {
    asked.push(msgId);
    return outcome;
  };
  return { asked, reports, check, answered: (report: TransactionCheckReport) => void reports.push(report) };
}

/** Has a sandbox's producer answer the same to all checks, within an invocation that it begins. */
export async function listening(
  { client, producer }: ReturnType<StartedSandboxes['sandbox']>,
  outcome: TransactionOutcome,
) {
  const decides = listener(outcome);
  await producer.onTransactionCheck(decides);
  return { producer, decides, upkeep: await begin(client) };
}
