import {
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

/**
 * Limits of the SDK. A broker waits 3 s for the answer to a check, and a missing route to DynamoDB must show in seconds. An
 * idle connection that died while the sandbox was frozen costs one attempt.
 */
const CONNECT_TIMEOUT_MS = 1000;
const REQUEST_TIMEOUT_MS = 2000;
const MAX_ATTEMPTS = 3;

/**
 * The calls of DynamoDB that this project makes. This module is loaded on demand, and names what it takes of the SDK: of a
 * package that is itself imported on demand a bundler keeps every export, each read and run by the first call.
 */
export class DynamoDbSdk {
  readonly #client = new DynamoDBClient({
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });

  getItem(input: GetItemCommandInput) {
    return this.#client.send(new GetItemCommand(input));
  }

  putItem(input: PutItemCommandInput) {
    return this.#client.send(new PutItemCommand(input));
  }

  updateItem(input: UpdateItemCommandInput) {
    return this.#client.send(new UpdateItemCommand(input));
  }

  transactWriteItems(input: TransactWriteItemsCommandInput) {
    return this.#client.send(new TransactWriteItemsCommand(input));
  }
}
