import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { startLoopbackHttp } from '../../../local/loopback-http.ts';
import { bundledFunction, sample } from '../bundled-function.ts';
import { LOG_TABLE, startTransactions } from '../transactions-on-embedded.ts';

const bundled = bundledFunction('place-order');
afterAll(() => bundled[Symbol.dispose]());

/** Less than the attempts of the SDK take together. */
const TIME_LIMIT_MS = 3_000;

/** A way to tables on which one action is never answered, once it is silent. */
async function startSilent(action: string) {
  let target = '';
  const { url, stop } = await startLoopbackHttp(async (request, response) => {
    const body = await text(request);
    const asked = String(request.headers['x-amz-target']);
    if (target === '' || asked.endsWith(`.${action}`)) return;
    const answer = await fetch(target, { method: 'POST', headers: { 'x-amz-target': asked }, body });
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(await answer.text());
  });
  const leadTo = (tables: string) => {
    target = tables;
  };
  return { url, leadTo, [Symbol.asyncDispose]: stop };
}

test.concurrent.each([
  ['the write', 'TransactWriteItems', 503, 'is not known'],
  ['the note of the delivery', 'UpdateItem', 200, '"placed"'],
])('an invocation is answered in time when %s is not', async (_what, action, statusCode, told) => {
  await using silent = await startSilent(action);
  await using started = await startTransactions(bundled.taskRoot, { AWS_ENDPOINT_URL_DYNAMODB: silent.url }, 60_000);
  silent.leadTo(started.dynamoDb.url);
  const result = await started.host.invoke(sample('place-order', 'plain'), { timeoutMs: TIME_LIMIT_MS });
  expect(result).toMatchObject({ status: 'ok', payload: { statusCode, body: expect.stringContaining(told) } });
  expect(started.cluster.brokers.flatMap(({ producers }) => producers.clients('orders-lambda'))).toEqual([]);
});

test('an invocation is answered in time when the order that was placed before is not read', async () => {
  await using silent = await startSilent('GetItem');
  await using started = await startTransactions(bundled.taskRoot, { AWS_ENDPOINT_URL_DYNAMODB: silent.url }, 60_000);
  silent.leadTo(started.dynamoDb.url);
  const order = sample('place-order', 'plain');
  expect(await started.host.invoke(order)).toMatchObject({ status: 'ok', payload: { statusCode: 200 } });
  const again = await started.host.invoke(order, { timeoutMs: TIME_LIMIT_MS });
  expect(again).toMatchObject({ status: 'ok', payload: { statusCode: 503 } });
  expect(started.dynamoDb.scan(LOG_TABLE)).toHaveLength(1);
});
