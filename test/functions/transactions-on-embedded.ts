import { createClient, deadlineAfter, type TransactionResult } from '#rocketmq';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { type DynamoDbEndpoint, startDynamoDbEndpoint } from '../../local/dynamodb/dynamodb-endpoint.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { type LambdaHost, startLambdaHost } from '../../local/lambda/lambda-host.ts';

const TOPIC = 'orders';
export const GROUP = 'orders-lambda';
export const LOG_TABLE = 'log';
export const ORDERS_TABLE = 'orders';

/** A function with transactions in the Lambda host, with a broker that asks soon and often, and tables. */
export interface StartedTransactions extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly dynamoDb: DynamoDbEndpoint;
  readonly host: LambdaHost;
  readBack(): Promise<StoredMessage[]>;
  /** Sends a transaction from here, in an invocation that ends, and leaves it open; at a broker of that name, if one is given. */
  leaveOpen(brokerName?: string): Promise<TransactionResult>;
}

/**
 * Starts it all; the environment is added to, or takes the place of, what the function needs.
 * @param transactionCheckIntervalMs time between two rounds of checks, whose answers are requests too.
 */
export async function startTransactions(
  taskRoot: string,
  environment: Readonly<Record<string, string>> = {},
  transactionCheckIntervalMs = 200,
): Promise<StartedTransactions> {
  const cluster = await startEmbeddedCluster({
    brokers: [{ name: 'broker-a' }, { name: 'broker-b' }],
    topics: [{ name: TOPIC, queues: 4 }],
    transactionTimeOutMs: 100,
    transactionCheckIntervalMs,
  });
  const { nameServerAddrs } = cluster;
  const dynamoDb = await startDynamoDbEndpoint({ tables: { [LOG_TABLE]: 'msgId', [ORDERS_TABLE]: 'orderId' } });
  const admin = new AdminClient({ nameServerAddrs });
  const host = startLambdaHost({
    taskRoot,
    timeoutMs: 20_000,
    environment: {
      ROCKETMQ_TOPIC: TOPIC,
      ROCKETMQ_PRODUCER_GROUP: GROUP,
      ROCKETMQ_NAME_SERVERS: nameServerAddrs.join(';'),
      ROCKETMQ_TRANSACTION_TABLE: LOG_TABLE,
      ORDERS_TABLE,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
      ...environment,
    },
  });
  return {
    cluster,
    dynamoDb,
    host,
    readBack: () => admin.readAll(TOPIC),
    leaveOpen: async (brokerName) => {
      const client = createClient({ nameServerAddrs });
      try {
        const upkeep = await client.beginInvocation(deadlineAfter(10_000));
        const queue = brokerName === undefined ? undefined : { topic: TOPIC, brokerName, queueId: 0 };
        const result = await client
          .producer({ group: GROUP })
          .sendTransaction({ topic: TOPIC, body: 'open' }, async () => 'unknown', { ...(queue && { queue }) });
        await upkeep.end();
        return result;
      } finally {
        await client.shutdown(deadlineAfter(1_000));
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([host.stop(), admin.close(), dynamoDb.stop()]);
      await cluster.stop();
    },
  };
}
