import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startLoopbackHttp } from '../loopback-http.ts';
import {
  type Item,
  type PutInput,
  TableStore,
  TableStoreError,
  type TransactInput,
  type UpdateInput,
} from './table-store.ts';

/** What the endpoint holds at first. */
export interface DynamoDbEndpointOptions {
  /** Partition key, a string, by name of the table. */
  readonly tables: Readonly<Record<string, string>>;
}

/**
 * DynamoDB over HTTP on loopback, in memory, for `AWS_ENDPOINT_URL_DYNAMODB`: what the transaction log and place-order use of it, with
 * any credentials. It needs no Java, where DynamoDB Local does.
 */
export interface DynamoDbEndpoint extends AsyncDisposable {
  /** Value for `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  /** Every item of a table. */
  scan(tableName: string): readonly Item[];
  /** Puts an item, as a request would. */
  put(input: PutInput): void;
  /** Answers every request, or those for one action such as `GetItem`, with an error of the service until `recover`. */
  fail(action?: string): void;
  recover(): void;
  /** Closes all connections. May be called twice. */
  stop(): Promise<void>;
}

/** Starts an endpoint on a port chosen by the system. */
export async function startDynamoDbEndpoint({ tables }: DynamoDbEndpointOptions): Promise<DynamoDbEndpoint> {
  const store = new TableStore();
  for (const [name, keyName] of Object.entries(tables)) store.create(name, keyName);
  let isFailing = (_action: string) => false;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const action = String(request.headers['x-amz-target'] ?? '').replace(/^DynamoDB_20120810\./, '');
    const { statusCode, answer } = isFailing(action) ? internalError : answerTo(store, action, body);
    response.writeHead(statusCode, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() });
    response.end(JSON.stringify(answer));
  }

  const { url, stop } = await startLoopbackHttp(serve);
  return {
    url,
    scan: (tableName) => store.scan(tableName),
    put: (input) => void store.put(input),
    fail(failing) {
      isFailing = (action) => failing === undefined || failing === action;
    },
    recover() {
      isFailing = () => false;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Answer {
  readonly statusCode: number;
  readonly answer: object;
}

const internalError: Answer = {
  statusCode: 500,
  answer: {
    __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
    message: 'The server failed as it was told to.',
  },
};

function answerTo(store: TableStore, action: string, body: string): Answer {
  try {
    return { statusCode: 200, answer: perform(store, action, parsed(body)) };
  } catch (error) {
    if (!(error instanceof TableStoreError)) throw error;
    const { name, message, reasons } = error;
    const facts = reasons === undefined ? {} : { CancellationReasons: reasons };
    return { statusCode: 400, answer: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...facts } };
  }
}

/** The fields of a request are as the SDK writes them; what is missing shows as an error of the store. */
function perform(store: TableStore, action: string, input: unknown): object {
  switch (action) {
    case 'GetItem':
      return store.get(input as { TableName: string; Key: Item });
    case 'PutItem':
      return store.put(input as PutInput);
    case 'UpdateItem':
      return store.update(input as UpdateInput);
    case 'TransactWriteItems':
      return store.transact(input as TransactInput);
    default:
      throw new TableStoreError('UnknownOperationException', `This endpoint does not have the action "${action}"`);
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new TableStoreError('SerializationException', 'The body is not JSON');
  }
}
