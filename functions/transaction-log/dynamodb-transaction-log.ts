import { OptionsError } from '#rocketmq';
import { dynamoDbClient } from './dynamodb-client.ts';
import type { AskedTransaction, TransactionLog } from './transaction-log.ts';

/** An attribute as DynamoDB's API writes it; of strings and numbers a log consists. */
type Attribute = { readonly S: string } | { readonly N: string };

/** The calls that a log makes: the class `DynamoDB` of `@aws-sdk/client-dynamodb` has them. */
export interface DynamoDbCalls {
  getItem(input: {
    TableName: string;
    Key: Record<string, Attribute>;
    ConsistentRead: boolean;
  }): Promise<{ Item?: Record<string, { S?: string | undefined; N?: string | undefined }> | undefined }>;
  putItem(input: LogPut): Promise<unknown>;
  updateItem(input: {
    TableName: string;
    Key: Record<string, Attribute>;
    UpdateExpression: string;
    ConditionExpression: string;
    ExpressionAttributeNames: Record<string, string>;
    ExpressionAttributeValues: Record<string, Attribute>;
  }): Promise<unknown>;
}

/** Writes one row if there is none yet. */
export interface LogPut {
  TableName: string;
  Item: Record<string, Attribute>;
  ConditionExpression: string;
}

/** Where a log is kept, and for how long. */
export interface DynamoDbTransactionLogOptions {
  /** A table with the partition key `msgId` (string), no sort key, and time to live on `expiresAt`. */
  readonly tableName: string;
  /** Makes the client of DynamoDB, at the first use. Default: the sandbox's one client of the AWS SDK, which is loaded only then. */
  readonly client?: () => DynamoDbCalls | Promise<DynamoDbCalls>;
  /**
   * Age in ms from which a transaction that is not in the log counts as one that did not happen. At least the timeout of the function
   * that sends, or a slow sender fails to commit. Default 60 s.
   */
  readonly patienceMs?: number;
  /**
   * How long a row is kept, in ms. Must outlast every check of the broker (`transactionCheckMax` × `transactionCheckInterval`): a
   * commit that has expired would be rolled back. Default 7 days.
   */
  readonly keptMs?: number;
  /** Epoch ms. Default: the wall clock. */
  readonly now?: () => number;
}

const ABSENT = 'attribute_not_exists(msgId)';

/**
 * A transaction log in a DynamoDB table: `msgId`, `outcome` (`commit` or `rollback`), `deliveredAt` (epoch ms, once a broker
 * confirmed) and `expiresAt` (epoch s). Reads are consistent: a row that a sender has written is seen.
 */
export class DynamoDbTransactionLog implements TransactionLog {
  readonly #options: Required<DynamoDbTransactionLogOptions>;
  #client: DynamoDbCalls | undefined;

  /** @throws OptionsError for times that are no numbers: with such a patience no transaction would be too young to be rolled back. */
  constructor({
    tableName,
    client = dynamoDbClient,
    patienceMs = 60_000,
    keptMs = 7 * 86_400_000,
    now = () => Date.now(),
  }: DynamoDbTransactionLogOptions) {
    const faults = Object.entries({ patienceMs, keptMs }).flatMap(([name, ms]) =>
      Number.isFinite(ms) && ms >= 0 ? [] : [`"${name}" is ${ms}, but must be a number of ms from 0`],
    );
    if (faults.length > 0) throw new OptionsError('DynamoDbTransactionLog', faults);
    this.#options = { tableName, client, patienceMs, keptMs, now };
  }

  /**
   * The commit of a transaction, for the caller's own `TransactWriteItems`: the business rows and this one are written
   * together, or none of them. When a checker has decided before, the whole write is cancelled
   * (`TransactionCanceledException`, this item's reason being `ConditionalCheckFailed`).
   */
  commitItem(msgId: string): { Put: LogPut } {
    return { Put: this.#put(msgId, 'commit') };
  }

  async decide({ msgId, bornAt }: AskedTransaction): Promise<'commit' | 'rollback' | 'unknown'> {
    const known = await this.#read(msgId);
    if (known !== undefined) return known;
    if (this.#options.now() - bornAt < this.#options.patienceMs) return 'unknown';
    try {
      await (await this.#calls()).putItem(this.#put(msgId, 'rollback'));
      return 'rollback';
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
      // The sender, or another checker, was there first: what is written now stays.
      return (await this.#read(msgId)) ?? 'unknown';
    }
  }

  async markDelivered(msgId: string): Promise<void> {
    try {
      await (await this.#calls()).updateItem({
        TableName: this.#options.tableName,
        Key: { msgId: { S: msgId } },
        UpdateExpression: 'SET deliveredAt = :now',
        ConditionExpression: '#outcome = :commit',
        ExpressionAttributeNames: { '#outcome': 'outcome' },
        ExpressionAttributeValues: { ':now': { N: String(this.#options.now()) }, ':commit': { S: 'commit' } },
      });
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  async #read(msgId: string): Promise<'commit' | 'rollback' | undefined> {
    const { tableName: TableName } = this.#options;
    const { Item } = await (await this.#calls()).getItem({
      TableName,
      Key: { msgId: { S: msgId } },
      ConsistentRead: true,
    });
    if (Item === undefined) return undefined;
    return Item.outcome?.S === 'commit' && Item.deliveredAt === undefined ? 'commit' : 'rollback';
  }

  #put(msgId: string, outcome: 'commit' | 'rollback'): LogPut {
    const { tableName: TableName, keptMs, now } = this.#options;
    const expiresAt = String(Math.ceil((now() + keptMs) / 1000));
    const Item = { msgId: { S: msgId }, outcome: { S: outcome }, expiresAt: { N: expiresAt } };
    return { TableName, Item, ConditionExpression: ABSENT };
  }

  async #calls(): Promise<DynamoDbCalls> {
    this.#client ??= await this.#options.client();
    return this.#client;
  }
}

function isConditionFailed(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}
