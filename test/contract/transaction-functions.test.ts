import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { DynamoDbTransactionLog } from '../../functions/transaction-log/dynamodb-transaction-log.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startDynamoDbEndpoint } from '../../local/dynamodb/dynamodb-endpoint.ts';
import { startDynamoDbLocal } from '../../local/dynamodb/start-dynamodb-local.ts';
import type { Fault } from '../../local/faults/fault.ts';
import { startTcpProxy } from '../../local/faults/tcp-proxy.ts';
import type { LambdaHost } from '../../local/lambda/lambda-host.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { sample } from '../functions/bundled-function.ts';
import { type CheckingCluster, startChecking } from './checking-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic, uniqueName } from './clusters.ts';
import { DynamoDbOverHttp } from './dynamodb-over-http.ts';
import { buildFunction, startFunction } from './function-under-test.ts';

const CASE_LIMIT_MS = 240_000;
const SANDBOXES = 10;
const OPEN_HALVES = 1_000;
const BUSY_SANDBOXES = 3;
/** Of the fifteen rounds after which a message is given up, as many as a busy machine may need. */
const ROUNDS_LIMIT_MS = 60_000;
const CALLS_AT_ONCE = 50;
/** A little more than one interval between the rounds of checks, so that one round falls into it, or two. */
const ONE_ROUND_MS = '8000';
/** Of the function that answers many: a few rounds of checks, and half of what one run is given in production. */
const AWAKE_MS = '30000';
const scheduled = sample('transaction-check', 'scheduled');

const placeOrder = buildFunction('place-order');
const checker = buildFunction('transaction-check');
afterAll(() => {
  placeOrder[Symbol.dispose]();
  checker[Symbol.dispose]();
});

/** Tables behind DynamoDB's API: AWS's own where there is Java, for real brokers; else that of the local run. */
interface Tables extends AsyncDisposable {
  readonly url: string;
  readonly log: string;
  readonly orders: string;
  readonly api: DynamoDbOverHttp;
  orderIds(): Promise<string[]>;
}

async function startTables(kind: (typeof contractKinds)[number]): Promise<Tables> {
  const names = { log: uniqueName('log'), orders: uniqueName('orders') };
  if (kind === 'embedded') {
    const endpoint = await startDynamoDbEndpoint({ tables: { [names.log]: 'msgId', [names.orders]: 'orderId' } });
    const orderIds = async () => endpoint.scan(names.orders).map(({ orderId }) => String(orderId?.S));
    const stop = () => endpoint.stop();
    return {
      ...names,
      url: endpoint.url,
      api: new DynamoDbOverHttp(endpoint.url),
      orderIds,
      [Symbol.asyncDispose]: stop,
    };
  }
  const server = await startDynamoDbLocal();
  const api = new DynamoDbOverHttp(server.url);
  await api.createTable(names.log, 'msgId');
  await api.createTable(names.orders, 'orderId');
  const orderIds = () => api.scanIds(names.orders, 'orderId');
  return { ...names, url: server.url, api, orderIds, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Calls for each, some at a time. */
async function inTurns<T>(msgIds: readonly string[], call: (msgId: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let begun = 0; begun < msgIds.length; begun += CALLS_AT_ONCE) {
    results.push(...(await Promise.all(msgIds.slice(begun, begun + CALLS_AT_ONCE).map(call))));
  }
  return results;
}

interface Order {
  readonly statusCode: number;
  readonly msgId?: string;
  readonly status?: string;
}

// Side by side: most of it is waiting for the next round of checks.
describe.each(contractKinds)('on %s', { concurrent: true }, (kind) => {
  describe('functions with transactions', { concurrent: false }, () => {
    let cluster: CheckingCluster | undefined;
    let admin: AdminClient;
    let tables: Tables;

    beforeEach(async (context) => {
      if (cluster !== undefined) return;
      cluster = await startChecking(kind, context);
      admin = new AdminClient(cluster);
      tables = await startTables(kind);
    }, CLUSTER_START_LIMIT_MS);
    afterAll(async () => {
      await admin?.close();
      await tables?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    const environment = (group: string, dynamoDbUrl = tables.url) => ({
      ROCKETMQ_PRODUCER_GROUP: group,
      ROCKETMQ_TRANSACTION_TABLE: tables.log,
      ROCKETMQ_TRANSACTION_PATIENCE_MS: '1000',
      ORDERS_TABLE: tables.orders,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDbUrl,
    });
    const start = (built: typeof checker, topic: string, variables: Readonly<Record<string, string>>): LambdaHost =>
      startFunction(built, {
        topic,
        nameServers: cluster?.nameServerAddrs ?? [],
        timeoutMs: CASE_LIMIT_MS,
        environment: variables,
      });
    const idsIn = async (topic: string) =>
      (await admin.readAll(topic)).map(({ properties }) => properties.UNIQ_KEY ?? '');

    /** Places an order of that id, or another one under it. */
    async function order(host: LambdaHost, orderId: string, body?: string): Promise<Order> {
      const event = sample<{ headers: Record<string, string>; body: string }>('place-order', 'plain');
      event.headers['idempotency-key'] = orderId;
      event.body = body ?? event.body;
      const result = await host.invoke(event);
      if (result.status !== 'ok') throw new Error(`${result.errorType}: ${result.errorMessage}`);
      const { statusCode, body: told } = result.payload as { statusCode: number; body: string };
      return { ...JSON.parse(told), statusCode };
    }

    /** Sends so many transactions, in an invocation that ends, and leaves them open. */
    async function leaveOpen(topic: string, group: string, count: number): Promise<string[]> {
      const client = createClient({ nameServerAddrs: cluster?.nameServerAddrs ?? [] });
      const producer = client.producer({ group });
      const upkeep = await client.beginInvocation(deadlineAfter(CASE_LIMIT_MS));
      const sending = Array.from({ length: count }, (_, index) =>
        producer.sendTransaction({ topic, body: String(index) }, async () => 'unknown'),
      );
      const open = (await Promise.all(sending)).map(({ msgId }) => msgId);
      await upkeep.end();
      await client.shutdown(deadlineAfter(2_000));
      return open;
    }

    /** What the log says of a transaction. */
    async function outcomeOf(msgId: string): Promise<string | undefined> {
      const input = { TableName: tables.log, Key: { msgId: { S: msgId } }, ConsistentRead: true };
      const { Item } = await tables.api.getItem<{ Item?: { outcome?: { S: string } } }>(input);
      return Item?.outcome?.S;
    }

    /** One run of the checker function, awake for so long. */
    async function check(topic: string, group: string, awakeMs: string) {
      await using host = start(checker, topic, { ...environment(group), ROCKETMQ_TRANSACTION_AWAKE_MS: awakeMs });
      const result = await host.invoke(scheduled);
      if (result.status !== 'ok')
        throw new Error(`${result.errorType}: ${result.errorMessage}\n${result.log.join('\n')}`);
      expect(result.leftBehind).not.toContain('Timeout');
      return result.payload as { asked: number; committed: number; rolledBack: number; unknown: number };
    }

    test(
      `leave no check to ${SANDBOXES} frozen sandboxes: the one checker awake gets all, and each order has its message or neither is there`,
      async (context) => {
        const group = uniqueName('PG');
        const topic = await freshTopic({ admin });
        const target = tables.url.replace('http://', '');
        // Of half the orders the rows are written and DynamoDB's answer is lost; of the others nothing arrives there.
        await using answersLost = await startTcpProxy({ target });
        await using allLost = await startTcpProxy({ target });
        answersLost.apply({ kind: 'hold', direction: 'toClient' } satisfies Fault);
        allLost.apply({ kind: 'blackHole' } satisfies Fault);
        const orderIds = Array.from({ length: SANDBOXES }, (_, index) => `${topic}-${index}`);
        const written = orderIds.filter((_, index) => index % 2 === 0);
        await using stack = new AsyncDisposableStack();
        const hosts = orderIds.map((_, index) => {
          const { addr } = index % 2 === 0 ? answersLost : allLost;
          return stack.use(start(placeOrder, topic, environment(group, `http://${addr}`)));
        });
        const answers = await Promise.all(hosts.map((host, index) => order(host, orderIds[index] ?? '')));
        expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(SANDBOXES).fill(503));
        expect(hosts.map(({ frozen }) => frozen)).toEqual(Array(SANDBOXES).fill(true));
        expect(await cluster?.producerIds(group)).toEqual([]);
        expect(await idsIn(topic)).toEqual([]);

        const counts = await check(topic, group, ONE_ROUND_MS);
        await context.annotate(JSON.stringify(counts));
        expect(counts).toEqual({ asked: SANDBOXES, committed: written.length, rolledBack: written.length, unknown: 0 });
        expect(await cluster?.producerIds(group)).toEqual([]);
        const placed = (await tables.orderIds()).filter((id) => id.startsWith(topic));
        expect(placed.toSorted()).toEqual(written.toSorted());
        const messages = await readBack(admin, topic, written.length);
        expect(messages.map(({ properties }) => properties.KEYS ?? '').toSorted()).toEqual(written.toSorted());

        // Asked for again, as the function says: those that were placed stay, the others are placed now.
        answersLost.apply({ kind: 'pass' });
        allLost.apply({ kind: 'pass' });
        const again = await Promise.all(hosts.map((host, index) => order(host, orderIds[index] ?? '')));
        expect(again.map(({ status }) => status)).toEqual(
          orderIds.map((_, index) => (index % 2 === 0 ? 'placedBefore' : 'placed')),
        );
        await readBack(admin, topic, SANDBOXES);
        expect((await idsIn(topic)).toSorted()).toEqual(again.map(({ msgId }) => msgId ?? '').toSorted());
      },
      CASE_LIMIT_MS,
    );

    test(
      `deliver what a killed sandbox had committed, while ${BUSY_SANDBOXES} others of its group are awake and no checker is`,
      async () => {
        const group = uniqueName('PG');
        const topic = await freshTopic({ admin });
        const committed = await leaveOpen(topic, group, BUSY_SANDBOXES);
        const log = new DynamoDbTransactionLog({ tableName: tables.log });
        await inTurns(committed, (msgId) => tables.api.putItem(log.commitItem(msgId).Put));
        let isOver = false;
        // One order after the other: each sandbox is registered nearly all the time.
        const busy = async (_: unknown, sandbox: number) => {
          await using host = start(placeOrder, topic, environment(group));
          for (let count = 0; !isOver; count++) await order(host, `${topic}-${sandbox}-${count}`);
        };
        const placing = Promise.all(Array.from({ length: BUSY_SANDBOXES }, busy));
        const delivered = async () => (await idsIn(topic)).filter((msgId) => committed.includes(msgId)).toSorted();
        const all = async () => expect(await delivered()).toEqual(committed.toSorted());
        const waiting = vi.waitFor(all, { timeout: ROUNDS_LIMIT_MS, interval: 500 });
        await Promise.race([placing, waiting]).finally(() => {
          isOver = true;
        });
        await placing;
        expect(await delivered()).toEqual(committed.toSorted());
      },
      CASE_LIMIT_MS,
    );

    test('refuse an order that DynamoDB takes in no row, and take another one under its key', async () => {
      const topic = await freshTopic({ admin });
      await using host = start(placeOrder, topic, environment(uniqueName('PG')));
      const tooLarge = JSON.stringify({ note: 'x'.repeat(450_000) });
      expect(await order(host, topic, tooLarge)).toMatchObject({
        statusCode: 422,
        detail: expect.stringContaining('Item size has exceeded the maximum allowed size'),
      });
      expect(await order(host, topic)).toMatchObject({ statusCode: 200, status: 'placed' });
      await readBack(admin, topic, 1);
      expect(await idsIn(topic)).toHaveLength(1);
    });

    test(
      `have ${OPEN_HALVES} open half messages answered while the checker function is awake once`,
      async (context) => {
        const group = uniqueName('PG');
        const topic = await freshTopic({ admin });
        const log = new DynamoDbTransactionLog({ tableName: tables.log });
        const open = await leaveOpen(topic, group, OPEN_HALVES);
        const committed = open.filter((_, index) => index % 2 === 0);
        await inTurns(committed, (msgId) => tables.api.putItem(log.commitItem(msgId).Put));
        const counts = await check(topic, group, AWAKE_MS);
        await context.annotate(JSON.stringify(counts));
        // A broker whose next round comes before it has noticed an answer asks again, and is told to roll back what is delivered.
        expect(counts.committed + counts.rolledBack).toBeGreaterThanOrEqual(OPEN_HALVES);
        await readBack(admin, topic, committed.length);
        expect([...new Set(await idsIn(topic))].toSorted()).toEqual(committed.toSorted());
        const outcomes = await inTurns(open, outcomeOf);
        expect(outcomes).toEqual(open.map((_, index) => (index % 2 === 0 ? 'commit' : 'rollback')));
      },
      CASE_LIMIT_MS,
    );
  });
});
