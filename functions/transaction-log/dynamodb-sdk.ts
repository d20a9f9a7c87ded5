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
  readonly #client: DynamoDBClient;
  readonly #options: { readonly abortSignal?: AbortSignal };

  constructor(client = newClient(), options: { readonly abortSignal?: AbortSignal } = {}) {
    this.#client = client;
    this.#options = options;
  }

  /** The same client, for calls that end when the signal says so: all attempts together may take longer than an invocation has. */
  until(abortSignal: AbortSignal): DynamoDbSdk {
    return new DynamoDbSdk(this.#client, { abortSignal });
  }

  getItem(input: GetItemCommandInput) {
    return this.#client.send(new GetItemCommand(input), this.#options);
  }

  putItem(input: PutItemCommandInput) {
    return this.#client.send(new PutItemCommand(input), this.#options);
  }

  updateItem(input: UpdateItemCommandInput) {
    return this.#client.send(new UpdateItemCommand(input), this.#options);
  }

  transactWriteItems(input: TransactWriteItemsCommandInput) {
    return this.#client.send(new TransactWriteItemsCommand(input), this.#options);
  }
}

function newClient(): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
}
