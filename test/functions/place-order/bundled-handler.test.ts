import { afterAll, describe, expect, test } from 'vitest';
import { DynamoDbTransactionLog } from '../../../functions/transaction-log/dynamodb-transaction-log.ts';
import type { InvocationResult } from '../../../local/lambda/invocation-result.ts';
import { awsCommandsIn, bundledFunction, sample, sampleNames } from '../bundled-function.ts';
import {
  GROUP,
  LOG_TABLE,
  ORDERS_TABLE,
  type StartedTransactions,
  startTransactions,
} from '../transactions-on-embedded.ts';

const HEART_BEAT = 34;
const UNREGISTER_CLIENT = 35;
const END_TRANSACTION = 37;
const SEND_MESSAGE_V2 = 310;
const ROLLBACK = '12';
const UNKNOWN = '0';
/** Interval of checks for tests that count requests. */
const NO_CHECKS = 600_000;

const bundled = bundledFunction('place-order');
afterAll(() => bundled[Symbol.dispose]());

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** What the function logged meanwhile. */
  readonly log: string;
}

function answerOf(result: InvocationResult): Answer {
  expect(result).toMatchObject({ status: 'ok' });
  const { body, ...rest } = result.status === 'ok' ? (result.payload as Answer & { body: string }) : { body: '{}' };
  return { ...rest, body: JSON.parse(body), log: result.log.join('\n') } as Answer;
}

const place = async ({ host }: StartedTransactions, name: string) =>
  answerOf(await host.invoke(sample('place-order', name)));

const idsOf = async ({ readBack }: StartedTransactions) =>
  (await readBack()).map(({ properties }) => properties.UNIQ_KEY);

const isOfCheck = ({ extFields }: { readonly extFields: object }) =>
  'fromTransactionCheck' in extFields && extFields.fromTransactionCheck === 'true';

test('every sample event has a test here', () => {
  expect(sampleNames('place-order')).toEqual(['base64', 'plain', 'poison', 'repeated', 'without-key']);
});

test('the DynamoDB client is loaded when it is used, and no more of it', () => {
  const eager = bundled.report.eagerPackages.map(({ name }) => name);
  expect(eager.filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
  expect(eager).toContain('functions/transaction-log');
  // The client itself brings DescribeEndpoints.
  expect(awsCommandsIn(bundled.report)).toEqual(
    ['DescribeEndpoints', 'GetItem', 'GetParameters', 'PutItem', 'TransactWriteItems', 'UpdateItem'].map(
      (name) => `${name}Command`,
    ),
  );
});

test('plain.json is a row, its outcome in the log, and one message', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  const { statusCode, body } = await place(started, 'plain');
  const orderId = '8e03978e-40d5-43e8-bc93-6894a57f9324';
  expect({ statusCode, body }).toEqual({
    statusCode: 200,
    body: { orderId, msgId: expect.any(String), status: 'placed' },
  });
  const { body: order } = sample<{ body: string }>('place-order', 'plain');
  const msgId = { S: body.msgId };
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toEqual([{ orderId: { S: orderId }, order: { S: order }, msgId }]);
  expect(started.dynamoDb.scan(LOG_TABLE)).toMatchObject([
    { msgId, outcome: { S: 'commit' }, deliveredAt: { N: expect.any(String) } },
  ]);
  const [message] = await started.readBack();
  expect(message?.body.toString()).toBe(order);
  expect(message?.properties).toMatchObject({ UNIQ_KEY: body.msgId, KEYS: orderId, TAGS: 'OrderPlaced' });
  for (const { producers } of started.cluster.brokers) expect(producers.clients(GROUP)).toEqual([]);
});

test('repeated.json after it is the same order, with the same message', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  const first = await place(started, 'plain');
  const second = await place(started, 'repeated');
  expect(second.statusCode).toBe(200);
  expect(second.body).toEqual({ ...first.body, status: 'placedBefore' });
  expect(await idsOf(started)).toEqual([first.body.msgId]);
});

test('another order under the same key is refused', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  await place(started, 'plain');
  const event = { ...sample<object>('place-order', 'plain'), body: '{"customer":"eve"}' };
  const { statusCode, body } = answerOf(await started.host.invoke(event));
  expect([statusCode, body.detail]).toEqual([422, 'this Idempotency-Key was used for another order']);
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toHaveLength(1);
  expect(await started.readBack()).toHaveLength(1);
});

test('an order whose key was used is answered 503 while the order under it cannot be read', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  await place(started, 'plain');
  started.dynamoDb.fail('GetItem');
  const { statusCode, headers, body } = await place(started, 'repeated');
  expect([statusCode, headers['retry-after'], body.detail]).toEqual([
    503,
    '1',
    'the order under this key could not be read: ask again under the same key',
  ]);
  started.dynamoDb.recover();
  expect((await place(started, 'repeated')).body.status).toBe('placedBefore');
  expect(await started.readBack()).toHaveLength(1);
});

test.each([
  ['an event of SQS', { Records: [] }],
  ['a request of a REST API', { httpMethod: 'POST', headers: {}, requestContext: { apiId: 'a' }, body: '{}' }],
  ['nothing', null],
])('%s is refused with a sentence', async (_, event) => {
  await using started = await startTransactions(bundled.taskRoot);
  expect(await started.host.invoke(event)).toMatchObject({
    status: 'error',
    errorMessage: 'the event is no request of a function URL or an HTTP API (payload 2.0)',
  });
});

test('base64.json is decoded', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  expect((await place(started, 'base64')).statusCode).toBe(200);
  const [message] = await started.readBack();
  expect(message?.body.toString()).toBe('{"customer":"bo","items":[{"sku":"数量-3","quantity":3}]}');
});

test.each([
  ['poison', 'the body must be an order as a JSON object in UTF-8'],
  ['without-key', 'Idempotency-Key must be given, with 1 to 128 characters of ASCII and no blanks'],
])('%s.json is answered 400, and nothing is sent or written', async (name, detail) => {
  await using started = await startTransactions(bundled.taskRoot);
  const answer = await place(started, name);
  expect(answer).toMatchObject({ statusCode: 400, headers: { 'content-type': 'application/problem+json' } });
  expect(answer.body).toEqual({ status: 400, detail });
  expect(started.cluster.broker().requests.count(SEND_MESSAGE_V2)).toBe(0);
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toEqual([]);
});

test('another method than POST is answered 405', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  const event = sample<{ requestContext: { http: object } }>('place-order', 'plain');
  Object.assign(event.requestContext.http, { method: 'GET' });
  expect(answerOf(await started.host.invoke(event))).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } });
});

test('a commit that no broker confirms is answered 202: the order is placed, and the message open', async () => {
  await using started = await startTransactions(bundled.taskRoot, { ROCKETMQ_ATTEMPT_TIMEOUT_MS: '200' });
  // Not the answer to a check that comes while the order is written.
  const when = (request: Parameters<typeof isOfCheck>[0]) => !isOfCheck(request);
  for (const { faults } of started.cluster.brokers)
    faults.add({ codes: [END_TRANSACTION], when, kind: 'no-answer', isStored: false, times: 1 });
  const { statusCode, body } = await place(started, 'plain');
  expect([statusCode, body.status]).toEqual([202, 'pending']);
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toMatchObject([{ msgId: { S: body.msgId } }]);
  expect((await place(started, 'plain')).body).toEqual({ ...body, status: 'placedBefore' });
});

test('an order whose delivery cannot be noted is placed, and that is logged', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  started.dynamoDb.fail('UpdateItem');
  const { statusCode, body, log } = await place(started, 'plain');
  expect([statusCode, body.status]).toEqual([200, 'placed']);
  expect(log).toContain('delivery not noted');
  expect(await idsOf(started)).toEqual([body.msgId]);
});

test('tables that do not answer make it 503, to be asked again; the message stays invisible', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  started.dynamoDb.fail();
  const answer = await place(started, 'plain');
  expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } });
  expect(answer.body.detail).toContain('is not known: ask again under the same key');
  expect(await started.readBack()).toEqual([]);
  started.dynamoDb.recover();
  expect((await place(started, 'plain')).body.status).toBe('placed');
  expect(await started.readBack()).toHaveLength(1);
});

test('an order too large for a row is answered 422, and its half message is rolled back', async () => {
  await using started = await startTransactions(bundled.taskRoot, {}, NO_CHECKS);
  const event = { ...sample<object>('place-order', 'plain'), body: JSON.stringify({ note: 'x'.repeat(450_000) }) };
  const { statusCode, headers, body } = answerOf(await started.host.invoke(event));
  expect([statusCode, body.detail]).toEqual([
    422,
    'the order cannot be a row of the table: Item size has exceeded the maximum allowed size',
  ]);
  expect(headers).not.toHaveProperty('retry-after');
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toEqual([]);
  expect(await started.readBack()).toEqual([]);
  const ends = started.cluster.brokers.flatMap(({ requests }) => requests.last(END_TRANSACTION));
  // A check that comes meanwhile is answered with unknown.
  const outcomes = ends.map(({ extFields }) => extFields.commitOrRollback).filter((outcome) => outcome !== UNKNOWN);
  expect(outcomes).toEqual([ROLLBACK]);
});

test('an order too large for a message is answered 422, and nothing is sent or written', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  const event = { ...sample<object>('place-order', 'plain'), body: JSON.stringify({ note: 'x'.repeat(4_194_304) }) };
  const { statusCode, headers, body } = answerOf(await started.host.invoke(event));
  expect([statusCode, body.detail]).toEqual([422, expect.stringContaining('the order cannot be a message')]);
  expect(headers).not.toHaveProperty('retry-after');
  expect(started.cluster.brokers.map(({ requests }) => requests.count(SEND_MESSAGE_V2))).toEqual([0, 0]);
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toEqual([]);
});

test('a half message that only the master has is rolled back, and makes it 503; nothing is written', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  for (const broker of started.cluster.brokers) broker.degraded = 12;
  const answer = await place(started, 'plain');
  expect([answer.statusCode, answer.headers['retry-after'], answer.body.detail]).toEqual([
    503,
    '1',
    'the order was not placed: ask again under the same key',
  ]);
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toEqual([]);
});

test('a cluster that takes no half message makes it 503, and nothing is written', async () => {
  await using started = await startTransactions(bundled.taskRoot);
  for (const { faults } of started.cluster.brokers) {
    faults.add({ codes: [SEND_MESSAGE_V2], kind: 'answer', code: 14, remark: 'service not available' });
  }
  const answer = await place(started, 'plain');
  expect([answer.statusCode, answer.body.detail]).toEqual([
    503,
    'the order was not placed: ask again under the same key',
  ]);
  expect(started.dynamoDb.scan(ORDERS_TABLE)).toEqual([]);
});

describe('a sandbox that is asked for a transaction of another one', () => {
  const patient = { ROCKETMQ_ATTEMPT_TIMEOUT_MS: '8000', ROCKETMQ_SEND_TIMEOUT_MS: '10000' };

  /** Places an order whose commit is confirmed only at the end: until then its sandbox is awake, and registered with one broker. */
  async function placeSlowly(started: StartedTransactions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { brokers } = started.cluster;
    const own = ({ extFields }: { readonly extFields: object }) => !isOfCheck({ extFields });
    for (const { faults } of brokers)
      faults.add({ codes: [END_TRANSACTION], when: own, kind: 'delay', until: promise });
    const placing = place(started, 'plain');
    await Promise.race(brokers.map(({ requests }) => requests.arrived(END_TRANSACTION, 1)));
    const broker = brokers.find(({ requests }) => requests.count(END_TRANSACTION) > 0) ?? started.cluster.broker();
    const finish = () => {
      resolve();
      return placing;
    };
    return { broker, finish };
  }

  const rowOf = ({ dynamoDb }: StartedTransactions, msgId: string) =>
    dynamoDb.scan(LOG_TABLE).find((row) => row.msgId?.S === msgId);

  test('delivers what that one has committed, notes it, and then answers for its own order', async () => {
    await using started = await startTransactions(bundled.taskRoot, patient);
    const { broker, finish } = await placeSlowly(started);
    const { msgId } = await started.leaveOpen(broker.name);
    started.dynamoDb.put(new DynamoDbTransactionLog({ tableName: LOG_TABLE }).commitItem(msgId).Put);
    await expect.poll(() => idsOf(started)).toContain(msgId);
    const { statusCode, body } = await finish();
    expect([statusCode, body.status]).toEqual([200, 'placed']);
    expect((await idsOf(started)).toSorted()).toEqual([msgId, body.msgId].toSorted());
    expect(rowOf(started, msgId)).toHaveProperty('deliveredAt');
    for (const { producers } of started.cluster.brokers) expect(producers.clients(GROUP)).toEqual([]);
  });

  test.each([
    ['rolls back for good what is older than the patience', '0', { outcome: { S: 'rollback' } }],
    ['leaves alone what is younger than the patience', '60000', undefined],
  ])('%s and not in the log', async (_, patienceMs, row) => {
    const variables = { ...patient, ROCKETMQ_TRANSACTION_PATIENCE_MS: patienceMs };
    await using started = await startTransactions(bundled.taskRoot, variables);
    const { broker, finish } = await placeSlowly(started);
    const { msgId } = await started.leaveOpen(broker.name);
    const answers = () =>
      broker.requests.last(END_TRANSACTION).filter((end) => isOfCheck(end) && end.extFields.msgId === msgId);
    await expect.poll(() => answers().length).toBeGreaterThan(0);
    expect(answers()[0]?.extFields.commitOrRollback).toBe(row === undefined ? UNKNOWN : ROLLBACK);
    expect((await finish()).body.status).toBe('placed');
    if (row === undefined) expect(rowOf(started, msgId)).toBeUndefined();
    else expect(rowOf(started, msgId)).toMatchObject(row);
  });

  test('logs that it could not read the log, and answers for its own order', async () => {
    await using started = await startTransactions(bundled.taskRoot, patient);
    const { broker, finish } = await placeSlowly(started);
    started.dynamoDb.fail('GetItem');
    const { msgId } = await started.leaveOpen(broker.name);
    // Not the answer to a check of its own order.
    const answers = () =>
      broker.requests.last(END_TRANSACTION).filter((end) => isOfCheck(end) && end.extFields.msgId === msgId);
    await expect.poll(() => answers().length).toBeGreaterThan(0);
    const { body, log } = await finish();
    expect(body.status).toBe('placed');
    expect(log).toContain('The server failed as it was told to');
  });
});

test('the first order asks brokers and name servers no more than its transaction needs', async () => {
  await using started = await startTransactions(bundled.taskRoot, {}, NO_CHECKS);
  expect((await place(started, 'plain')).body.status).toBe('placed');
  const asked = started.cluster.brokers.flatMap(({ requests }) => requests.last().map(({ code }) => code));
  expect(asked).toEqual([HEART_BEAT, SEND_MESSAGE_V2, END_TRANSACTION, UNREGISTER_CLIENT]);
  expect(started.cluster.nameServers.map(({ requests }) => requests.count())).toEqual([1]);
});

test('missing tables are told by the names of their variables', async () => {
  await using started = await startTransactions(bundled.taskRoot, { ORDERS_TABLE: '' });
  expect(await started.host.invoke(sample('place-order', 'plain'))).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_OPTIONS',
    errorMessage: expect.stringContaining('ORDERS_TABLE and ROCKETMQ_TRANSACTION_TABLE must both be set'),
  });
});
