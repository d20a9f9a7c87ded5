import { readFileSync } from 'node:fs';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Client, createClient, deadlineAfter, type TransactionResult } from '#rocketmq';
import * as middleware from '../../functions/middleware.ts';
import * as pack from '../../infra/index.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { type DynamoDbEndpoint, startDynamoDbEndpoint } from '../../local/dynamodb/dynamodb-endpoint.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { errorsOf, testStack } from '../infra/test-app.ts';
import { runSnippet } from './run-snippet.ts';

const page = readFileSync(new URL('../../docs/transactions.md', import.meta.url), 'utf8');

/** The snippet that has a text in it, without what it imports from the package, which has to be there. */
function snippetWith(text: string): string {
  const snippets = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const snippet = snippets.find((code) => code.includes(text)) ?? `throw new Error('no snippet')`;
  const [line, names = ''] = /^import \{ (.+) \} from 'rocketmq-lambda\/middleware';\n/.exec(snippet) ?? [''];
  for (const name of names.split(', ').filter((one) => one !== '')) expect(middleware).toHaveProperty(name);
  return snippet.slice(line.length);
}

describe('a snippet of docs/transactions.md', () => {
  let cluster: EmbeddedCluster;
  let tables: DynamoDbEndpoint;
  let client: Client;

  beforeAll(async () => {
    cluster = await startEmbeddedCluster({ topics: [{ name: 'orders', queues: 4 }] });
    tables = await startDynamoDbEndpoint({ tables: { log: 'msgId', orders: 'orderId' } });
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', tables.url);
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await tables[Symbol.asyncDispose]();
    await cluster.stop();
  });
  beforeEach(() => {
    client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  });
  afterEach(() => client.shutdown());

  test('writes a row and a message, and notes that it is delivered', async () => {
    const deadline = deadlineAfter(10_000);
    const upkeep = await client.beginInvocation(deadline);
    const dynamo = new DynamoDB({});
    const result = await runSnippet(
      snippetWith('sendTransaction('),
      {
        ...middleware,
        producer: client.producer({ group: 'orders' }),
        tableName: 'log',
        patienceMs: 60_000,
        body: 'an order',
        orderItem: { Put: { TableName: 'orders', Item: { orderId: { S: 'o-1' } } } },
        dynamo,
        abortSignal: AbortSignal.timeout(10_000),
        deadline,
      },
      'result',
    );
    await upkeep.end();
    expect(result).toMatchObject({ status: 'committed' });
    const { msgId } = result as TransactionResult;
    const { Item } = await dynamo.getItem({ TableName: 'log', Key: { msgId: { S: msgId } } });
    expect(Item).toMatchObject({ outcome: { S: 'commit' }, deliveredAt: { N: expect.any(String) } });
    const admin = new AdminClient({ nameServerAddrs: cluster.nameServerAddrs });
    expect((await admin.readAll('orders')).map(({ body }) => body.toString())).toEqual(['an order']);
  });

  test('answers checks, and says how many there were', async () => {
    const deadline = deadlineAfter(10_000);
    const upkeep = await client.beginInvocation(deadline);
    const counts = await runSnippet(
      snippetWith('answerChecks(').replace('60_000', '20'),
      {
        ...middleware,
        producer: client.producer({ group: 'orders' }),
        tableName: 'log',
        deadline,
      },
      'counts',
    );
    await upkeep.end();
    expect(counts).toMatchObject({ asked: 0, isRegistered: true, errors: [] });
  });

  test('makes a checker, and lets a sender write to its log', async () => {
    const stack = testStack();
    const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
    const source = { cluster, topic: 'orders', producerGroup: 'orders', source: 'place-order' };
    const { function: placeOrder } = new pack.RocketMqProducerFunction(stack, 'PlaceOrder', source);
    await runSnippet(snippetWith('new TransactionChecker').replaceAll('this', 'stack'), {
      ...pack,
      stack,
      cluster,
      placeOrder,
    });
    expect(errorsOf(stack)).toEqual([]);
    const [sender] = Object.values(
      Template.fromStack(stack).findResources('AWS::Lambda::Function', {
        Properties: { Environment: { Variables: { ROCKETMQ_TRANSACTION_PATIENCE_MS: '60000' } } },
      }),
    ).filter(({ Properties }) => Properties.Environment.Variables.ROCKETMQ_TRANSACTION_AWAKE_MS === undefined);
    expect(sender?.Properties.Environment.Variables).toHaveProperty('ROCKETMQ_TRANSACTION_TABLE');
  });
});
