import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { startLoopbackHttp } from '../../../local/loopback-http.ts';
import { bundledFunction, sample } from '../bundled-function.ts';
import { LOG_TABLE, ORDERS_TABLE, startTransactions } from '../transactions-on-embedded.ts';

const END_TRANSACTION = 37;
const ROLLBACK = '12';
const WRITE = 'DynamoDB_20120810.TransactWriteItems';

const bundled = bundledFunction('place-order');
afterAll(() => bundled[Symbol.dispose]());

/** A DynamoDB that cancels writes; the first attempt, where it is to be late, is held until it is told to carry it out. */
async function startCancelling(code: string, isFirstLate: boolean) {
  const attempts: string[] = [];
  const cancelled = {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    CancellationReasons: [{ Code: code }, { Code: 'None' }],
  };
  const { url, stop } = await startLoopbackHttp(async (request, response) => {
    const body = await text(request);
    const isWrite = request.headers['x-amz-target'] === WRITE;
    if (isWrite && attempts.push(body) === 1 && isFirstLate) return;
    // Anything else is asked for a check, of a row that is not there yet.
    const [status, answer] = isWrite ? [400, cancelled] : [200, {}];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  });
  const carryOut = (target: string) => {
    return fetch(target, { method: 'POST', headers: { 'x-amz-target': WRITE }, body: attempts[0] ?? '' });
  };
  return { url, attempts, carryOut, [Symbol.asyncDispose]: stop };
}

test.concurrent.each(['ThrottlingError', 'TransactionConflict'])(
  'a row that is written late, after its next attempt was cancelled for %s, has a message that can still be committed',
  async (code) => {
    await using late = await startCancelling(code, true);
    await using started = await startTransactions(bundled.taskRoot, { AWS_ENDPOINT_URL_DYNAMODB: late.url });
    const result = await started.host.invoke(sample('place-order', 'plain'));
    expect(late.attempts).toHaveLength(2);
    const { ok } = await late.carryOut(started.dynamoDb.url);
    expect(ok).toBe(true);
    expect(started.dynamoDb.scan(ORDERS_TABLE)).toHaveLength(1);
    expect(started.dynamoDb.scan(LOG_TABLE)).toMatchObject([{ outcome: { S: 'commit' } }]);
    const ends = started.cluster.brokers.flatMap(({ requests }) => requests.last(END_TRANSACTION));
    expect(ends.map(({ extFields }) => extFields.commitOrRollback)).not.toContain(ROLLBACK);
    expect(result).toMatchObject({
      status: 'ok',
      payload: { statusCode: 503, body: expect.stringContaining('is not known') },
    });
  },
);

test.concurrent('a write that was cancelled at its only attempt is rolled back, and the order was not placed', async () => {
  await using dynamoDb = await startCancelling('TransactionConflict', false);
  await using started = await startTransactions(bundled.taskRoot, { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url });
  const result = await started.host.invoke(sample('place-order', 'plain'));
  expect(dynamoDb.attempts).toHaveLength(1);
  const ends = started.cluster.brokers.flatMap(({ requests }) => requests.last(END_TRANSACTION));
  expect(ends.map(({ extFields }) => extFields.commitOrRollback)).toContain(ROLLBACK);
  expect(result).toMatchObject({
    status: 'ok',
    payload: { statusCode: 503, headers: { 'retry-after': '1' }, body: expect.stringContaining('was not placed') },
  });
});
