import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { MessageError, OptionsError, RocketMQError, type TransactionOutcome, type TransactionResult } from '#rocketmq';
import { abortedBy } from '../invocation/aborted-by.ts';
import { logger } from '../invocation/logger.ts';
import type { ProducerInvocation } from '../invocation/with-producer.ts';
import { dynamoDbClient } from '../transaction-log/dynamodb-client.ts';
import type { DynamoDbSdk } from '../transaction-log/dynamodb-sdk.ts';
import { DynamoDbTransactionLog } from '../transaction-log/dynamodb-transaction-log.ts';
import { answerChecksOfGroup } from './answer-checks-of-group.ts';
import { type HttpAnswer, HttpProblem } from './http-problem.ts';
import { type NotWritten, notWritten } from './not-written.ts';
import { type OrderRequest, orderRequest } from './order-request.ts';

const AGAIN = { 'retry-after': '1' };

/**
 * Places an order and tells the world of it, both or neither: half message, then order and log row in one write, then commit.
 * Answers 200 when the message is out, 202 when the checker will bring it out, 200 again for an order that was placed before,
 * and 503 where asking again under the same key is safe and useful.
 */
export async function placeOrder(event: APIGatewayProxyEventV2, invocation: ProducerInvocation): Promise<HttpAnswer> {
  try {
    const request = orderRequest(event);
    // What DynamoDB does not answer by then ends, so that the caller is answered: what became of it the log tells.
    return await abortedBy(invocation.deadline, (limit) => place(request, invocation, limit));
  } catch (error) {
    if (error instanceof HttpProblem) return error.answer;
    throw error;
  }
}

async function place(
  request: OrderRequest,
  { producer, environment, deadline }: ProducerInvocation,
  limit: AbortSignal,
): Promise<HttpAnswer> {
  const { orderId, order } = request;
  const { topic, ordersTable, transactionTable, transactionPatienceMs: patienceMs } = environment;
  if (ordersTable === undefined || transactionTable === undefined) {
    throw new OptionsError('environment variables', ['ORDERS_TABLE and ROCKETMQ_TRANSACTION_TABLE must both be set']);
  }
  // Before the half message: the SDK is read meanwhile, at a cold start.
  const dynamo = dynamoDbClient().then((sdk) => sdk.until(limit));
  const log = new DynamoDbTransactionLog({ tableName: transactionTable, patienceMs, client: () => dynamo });
  // Before it too: with the half message the group is registered, and brokers may ask. Others of this sandbox may have more time.
  await answerChecksOfGroup(producer, new DynamoDbTransactionLog({ tableName: transactionTable, patienceMs }));
  let failed: NotWritten | undefined;

  const writeOrder = async ({ msgId }: { readonly msgId: string }): Promise<TransactionOutcome> => {
    const Item = { orderId: { S: orderId }, order: { S: order }, msgId: { S: msgId } };
    const put = { TableName: ordersTable, Item, ConditionExpression: 'attribute_not_exists(orderId)' };
    try {
      await (await dynamo).transactWriteItems({ TransactItems: [{ Put: put }, log.commitItem(msgId)] });
      return 'commit';
    } catch (error) {
      failed = notWritten(error);
      // Any other failure leaves it open whether the rows were written: the log will tell whoever is asked.
      if (failed === undefined) throw error;
      return 'rollback';
    }
  };

  const message = { topic, body: order, tag: 'OrderPlaced', keys: [orderId] };
  const result = await producer.sendTransaction(message, writeOrder, { deadline }).catch((error: unknown) => {
    throw problemOf(error);
  });
  if (failed?.why === 'orderExists') return placedBefore(await dynamo, ordersTable, request);
  if (failed?.why === 'illegal') {
    // Either the order is too large, or the tables are not what they should be.
    logger.error('order not written', { orderId, reason: failed.text });
    throw new HttpProblem(422, `the order cannot be a row of the table: ${failed.text}`);
  }
  return answerOf(orderId, result, log);
}

async function answerOf(orderId: string, result: TransactionResult, log: DynamoDbTransactionLog): Promise<HttpAnswer> {
  const { msgId, status, outcome } = result;
  if (status === 'pending')
    logger.warn('transaction pending', { orderId, msgId, reason: result.reason, error: result.error });
  if (outcome === 'unknown')
    throw new HttpProblem(503, 'whether the order was placed is not known: ask again under the same key', AGAIN);
  if (outcome === 'rollback')
    throw new HttpProblem(503, 'the order was not placed: ask again under the same key', AGAIN);
  if (status !== 'committed') return answer(202, { orderId, msgId, status: 'pending' });
  try {
    await log.markDelivered(msgId);
  } catch (error) {
    // Without the note a check that is under way may deliver a second copy; the order is placed all the same.
    logger.warn('delivery not noted', { orderId, msgId, error });
  }
  return answer(200, { orderId, msgId, status: 'placed' });
}

/** The answer for a key that was used: the order that was placed under it, if it is the same. */
async function placedBefore(
  dynamo: DynamoDbSdk,
  TableName: string,
  { orderId, order }: OrderRequest,
): Promise<HttpAnswer> {
  const reading = dynamo.getItem({ TableName, Key: { orderId: { S: orderId } }, ConsistentRead: true });
  const { Item } = await reading.catch((error: unknown) => {
    logger.error('order under this key not read', { orderId, error });
    throw new HttpProblem(503, 'the order under this key could not be read: ask again under the same key', AGAIN);
  });
  if (Item?.order?.S !== order) throw new HttpProblem(422, 'this Idempotency-Key was used for another order');
  return answer(200, { orderId, msgId: Item.msgId?.S, status: 'placedBefore' });
}

/** No half message was confirmed, so nothing was written and nothing is to come. */
function problemOf(error: unknown): unknown {
  if (error instanceof MessageError) return new HttpProblem(422, `the order cannot be a message: ${error.message}`);
  if (!(error instanceof RocketMQError)) return error;
  logger.error('half message not stored', { error });
  return new HttpProblem(503, 'the order was not placed: ask again under the same key', AGAIN);
}

function answer(statusCode: number, body: object): HttpAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
