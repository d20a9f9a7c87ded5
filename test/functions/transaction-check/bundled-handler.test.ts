import { afterAll, expect, test } from 'vitest';
import type { TransactionCheckAnswer } from '../../../functions/transaction-check/transaction-check.ts';
import { DynamoDbTransactionLog } from '../../../functions/transaction-log/dynamodb-transaction-log.ts';
import { awsCommandsIn, bundledFunction, sample, sampleNames } from '../bundled-function.ts';
import { GROUP, LOG_TABLE, startTransactions } from '../transactions-on-embedded.ts';

const HEART_BEAT = 34;
const GET_MAX_OFFSET = 30;
const bundled = bundledFunction('transaction-check');
afterAll(() => bundled[Symbol.dispose]());

/** Tests that invoke it run side by side: most of it is being awake. */
const soon = { ROCKETMQ_TRANSACTION_AWAKE_MS: '5000', ROCKETMQ_TRANSACTION_PATIENCE_MS: '0' };
const scheduled = sample('transaction-check', 'scheduled');

/** Metrics that an invocation wrote, by name. */
function metricsIn(log: readonly string[]): Record<string, unknown> {
  return JSON.parse(log.find((line) => line.includes('"_aws"')) ?? '{}');
}

test('every sample event has a test here', () => {
  expect(sampleNames('transaction-check')).toEqual(['scheduled']);
});

/** A broker whose next round comes before it has noticed an answer asks again, and is told to roll back. */
const oneOrMore = expect.toSatisfy((count: number) => count >= 1);
const twoOrMore = expect.toSatisfy((count: number) => count >= 2);

test('the DynamoDB client is loaded when somebody asks, and no more of it than is used', () => {
  const eager = bundled.report.eagerPackages.map(({ name }) => name);
  expect(eager.filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
  // The client itself brings DescribeEndpoints.
  expect(awsCommandsIn(bundled.report)).toEqual(
    ['DescribeEndpoints', 'GetItem', 'GetParameters', 'PutItem', 'TransactWriteItems', 'UpdateItem'].map(
      (name) => `${name}Command`,
    ),
  );
});

test.concurrent('scheduled.json answers what is open from the log, counts it, and leaves nobody registered', async () => {
  await using started = await startTransactions(bundled.taskRoot, soon);
  const [committed, absent] = [await started.leaveOpen(), await started.leaveOpen()];
  started.dynamoDb.put(new DynamoDbTransactionLog({ tableName: LOG_TABLE }).commitItem(committed.msgId).Put);
  const { leftBehind, log, ...result } = await started.host.invoke(scheduled);
  expect(result).toMatchObject({
    status: 'ok',
    payload: { asked: twoOrMore, committed: 1, rolledBack: oneOrMore, unknown: 0 },
  });
  const { asked, rolledBack } = result.status === 'ok' ? (result.payload as TransactionCheckAnswer) : {};
  expect(metricsIn(log)).toMatchObject({
    TransactionChecksAsked: asked,
    TransactionChecksCommitted: 1,
    TransactionChecksRolledBack: rolledBack,
    TransactionChecksUnknown: 0,
    TransactionsGivenUp: 0,
  });
  expect(leftBehind).not.toContain('Timeout');
  expect((await started.readBack()).map(({ properties }) => properties.UNIQ_KEY)).toEqual([committed.msgId]);
  for (const { producers } of started.cluster.brokers) expect(producers.clients(GROUP)).toEqual([]);
  const rows = started.dynamoDb.scan(LOG_TABLE);
  expect(rows.find(({ msgId }) => msgId?.S === absent.msgId)).toMatchObject({ outcome: { S: 'rollback' } });
  expect(rows.find(({ msgId }) => msgId?.S === committed.msgId)).toHaveProperty('deliveredAt');
});

test.concurrent('what is younger than the patience stays open', async () => {
  await using started = await startTransactions(bundled.taskRoot, {
    ...soon,
    ROCKETMQ_TRANSACTION_PATIENCE_MS: '60000',
  });
  await started.leaveOpen();
  const result = await started.host.invoke(scheduled);
  expect(result).toMatchObject({ status: 'ok', payload: { committed: 0, rolledBack: 0 } });
  expect(metricsIn(result.log).TransactionChecksUnknown).toBeGreaterThan(0);
  expect(started.dynamoDb.scan(LOG_TABLE)).toEqual([]);
});

test.concurrent('a log that does not answer leaves all open, and is told of', async () => {
  await using started = await startTransactions(bundled.taskRoot, soon);
  await started.leaveOpen();
  started.dynamoDb.fail();
  const result = await started.host.invoke(scheduled);
  expect(result).toMatchObject({ status: 'ok', payload: { committed: 0, rolledBack: 0 } });
  expect(metricsIn(result.log).TransactionChecksUnknown).toBeGreaterThan(0);
  expect(result.log.join('\n')).toContain('The server failed as it was told to');
});

test.concurrent('a master that cannot be registered with fails the invocation, when the others have been answered', async () => {
  await using started = await startTransactions(bundled.taskRoot, soon);
  const { half } = await started.leaveOpen();
  const other = started.cluster.brokers.find(({ name }) => name !== half.queue.brokerName);
  other?.faults.add({ codes: [HEART_BEAT], kind: 'answer', code: 1, remark: 'no heartbeats here' });
  const result = await started.host.invoke(scheduled);
  expect(result).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_NOT_REGISTERED',
    errorMessage: expect.stringContaining('no heartbeats here'),
  });
  expect(metricsIn(result.log)).toMatchObject({ TransactionChecksRolledBack: oneOrMore });
});

test.concurrent('brokers that do not tell what they gave up keep nobody from being answered', async () => {
  await using started = await startTransactions(bundled.taskRoot, soon);
  await started.leaveOpen();
  const fault = { kind: 'answer', code: 16, remark: 'no right to look there' } as const;
  for (const { faults } of started.cluster.brokers) faults.add({ codes: [GET_MAX_OFFSET], ...fault });
  const result = await started.host.invoke(scheduled);
  expect(result).toMatchObject({ status: 'ok', payload: { committed: 0 } });
  expect(metricsIn(result.log).TransactionChecksRolledBack).toBeGreaterThan(0);
  expect(metricsIn(result.log)).not.toHaveProperty('TransactionsGivenUp');
  expect(result.log.join('\n')).toContain('no right to look there');
});

test.concurrent('the topics of one group are several; without the variable it is the topic of the function', async () => {
  await using started = await startTransactions(bundled.taskRoot, {
    ...soon,
    ROCKETMQ_TRANSACTION_TOPICS: 'orders,none',
  });
  const result = await started.host.invoke(scheduled);
  expect(result).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_NOT_REGISTERED',
    errorMessage: expect.stringContaining('none'),
  });
});

test.concurrent('without an awake time it stays until 2 s and the reserve are left of its limit', async () => {
  await using started = await startTransactions(bundled.taskRoot, { ROCKETMQ_TRANSACTION_PATIENCE_MS: '0' });
  await started.leaveOpen();
  const result = await started.host.invoke(scheduled, { timeoutMs: 9_000 });
  expect(result).toMatchObject({ status: 'ok', payload: { rolledBack: oneOrMore } });
});

test('a missing table is told by the name of its variable', async () => {
  await using started = await startTransactions(bundled.taskRoot, { ROCKETMQ_TRANSACTION_TABLE: '' });
  expect(await started.host.invoke(scheduled)).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_OPTIONS',
    errorMessage: expect.stringContaining('ROCKETMQ_TRANSACTION_TABLE is missing'),
  });
});
