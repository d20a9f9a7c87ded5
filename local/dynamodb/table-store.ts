/** An attribute as the API writes it, such as `{"S":"text"}`. */
export type Attribute = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, Attribute>>;

/** An item that is larger DynamoDB never takes. */
const LARGEST_ITEM_BYTES = 400 * 1024;

/** An error of the service, by its name. */
export class TableStoreError extends Error {
  /** Of a cancelled transaction, one for each of its writes. */
  readonly reasons: readonly { readonly Code: string }[] | undefined;

  constructor(name: string, message: string, reasons?: readonly { readonly Code: string }[]) {
    super(message);
    this.name = name;
    this.reasons = reasons;
  }
}

interface Table {
  /** Name of the partition key; there is no sort key. */
  readonly keyName: string;
  readonly items: Map<string, Item>;
}

/** The part of a request that a condition is told in. */
interface Conditional {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Attribute>>;
}

export interface PutInput extends Conditional {
  readonly TableName: string;
  readonly Item: Item;
}

export interface UpdateInput extends Conditional {
  readonly TableName: string;
  readonly Key: Item;
  readonly UpdateExpression: string;
}

export interface TransactInput {
  readonly TransactItems: readonly { readonly Put?: PutInput }[];
  readonly ClientRequestToken?: string;
}

/**
 * Tables in memory, with as much of DynamoDB as a transaction log and its senders use: reads and writes by key, conditions
 * `attribute_not_exists(a)` and `a = :v`, updates `SET a = :v`, transactions of puts. What goes beyond is refused by name, so
 * that nothing seems to work here that is not looked at.
 */
export class TableStore {
  readonly #tables = new Map<string, Table>();
  /** Tokens of transactions that were done: sent again, they are not done again. */
  readonly #doneTokens = new Set<string>();

  create(name: string, keyName: string): void {
    this.#tables.set(name, { keyName, items: new Map() });
  }

  get({ TableName, Key }: { readonly TableName: string; readonly Key: Item }): { Item?: Item } {
    const table = this.#table(TableName);
    const found = table.items.get(keyOf(table, Key));
    return found === undefined ? {} : { Item: found };
  }

  put(input: PutInput): object {
    const table = this.#table(input.TableName);
    const key = keyOf(table, input.Item);
    refuseTooLarge(input.Item);
    if (!holds(input, table.items.get(key))) throw conditionFailed();
    table.items.set(key, input.Item);
    return {};
  }

  update(input: UpdateInput): object {
    const table = this.#table(input.TableName);
    const key = keyOf(table, input.Key);
    const present = table.items.get(key);
    if (!holds(input, present)) throw conditionFailed();
    const [, name = '', value = ''] = /^\s*SET\s+([#\w]+)\s*=\s*(:\w+)\s*$/.exec(input.UpdateExpression) ?? [];
    if (name === '') throw notUnderstood('UpdateExpression', input.UpdateExpression);
    table.items.set(key, { ...input.Key, ...present, [nameOf(input, name)]: attributeOf(input, value) });
    return {};
  }

  /** All writes or none. */
  transact({ TransactItems, ClientRequestToken }: TransactInput): object {
    if (ClientRequestToken !== undefined && this.#doneTokens.has(ClientRequestToken)) return {};
    const puts = TransactItems.map(({ Put }) => {
      if (Put === undefined) throw notUnderstood('TransactItems', JSON.stringify(TransactItems));
      const table = this.#table(Put.TableName);
      refuseTooLarge(Put.Item);
      return { Put, table, key: keyOf(table, Put.Item) };
    });
    const reasons = puts.map(({ Put, table, key }) => ({
      Code: holds(Put, table.items.get(key)) ? 'None' : 'ConditionalCheckFailed',
    }));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      const codes = reasons.map(({ Code }) => Code).join(', ');
      const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
      throw new TableStoreError('TransactionCanceledException', message, reasons);
    }
    for (const { Put, table, key } of puts) table.items.set(key, Put.Item);
    if (ClientRequestToken !== undefined) this.#doneTokens.add(ClientRequestToken);
    return {};
  }

  /** Every item of a table. */
  scan(name: string): Item[] {
    return [...this.#table(name).items.values()];
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table !== undefined) return table;
    throw new TableStoreError('ResourceNotFoundException', `Requested resource not found: table ${name}`);
  }
}

function keyOf({ keyName }: Table, item: Item): string {
  const key = item[keyName]?.S;
  if (typeof key === 'string' && key !== '') return key;
  throw new TableStoreError('ValidationException', `The partition key ${keyName} must be a string that is not empty`);
}

function refuseTooLarge(item: Item): void {
  if (sizeOf(item) <= LARGEST_ITEM_BYTES) return;
  throw new TableStoreError('ValidationException', 'Item size has exceeded the maximum allowed size');
}

/** Bytes of names and texts, as DynamoDB counts them; numbers count by their digits here, which is a little more. */
function sizeOf(item: Item): number {
  let bytes = 0;
  for (const [name, { S, N }] of Object.entries(item)) bytes += Buffer.byteLength(`${name}${S ?? N ?? ''}`);
  return bytes;
}

function holds(input: Conditional, present: Item | undefined): boolean {
  const { ConditionExpression: expression } = input;
  if (expression === undefined) return true;
  const [, absent] = /^\s*attribute_not_exists\(\s*([#\w]+)\s*\)\s*$/.exec(expression) ?? [];
  if (absent !== undefined) return present?.[nameOf(input, absent)] === undefined;
  const [, name, value = ''] = /^\s*([#\w]+)\s*=\s*(:\w+)\s*$/.exec(expression) ?? [];
  if (name === undefined) throw notUnderstood('ConditionExpression', expression);
  return JSON.stringify(present?.[nameOf(input, name)]) === JSON.stringify(attributeOf(input, value));
}

function nameOf({ ExpressionAttributeNames: names = {} }: Conditional, written: string): string {
  if (!written.startsWith('#')) return written;
  const name = names[written];
  if (name !== undefined) return name;
  throw new TableStoreError('ValidationException', `ExpressionAttributeNames lacks ${written}`);
}

function attributeOf({ ExpressionAttributeValues: values = {} }: Conditional, written: string): Attribute {
  const value = values[written];
  if (value !== undefined) return value;
  throw new TableStoreError('ValidationException', `ExpressionAttributeValues lacks ${written}`);
}

function conditionFailed(): TableStoreError {
  return new TableStoreError('ConditionalCheckFailedException', 'The conditional request failed');
}

function notUnderstood(field: string, text: string): TableStoreError {
  return new TableStoreError('ValidationException', `This endpoint does not understand the ${field} "${text}"`);
}
