/** Scope of a signature that DynamoDB Local wants to see and does not check. */
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/** DynamoDB's API as the class `DynamoDB` of the AWS SDK has it, in so far as a test needs it: errors by their `name`. */
export class DynamoDbOverHttp {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  getItem<Output>(input: object): Promise<Output> {
    return this.call('GetItem', input);
  }

  putItem(input: object): Promise<unknown> {
    return this.call('PutItem', input);
  }

  updateItem(input: object): Promise<unknown> {
    return this.call('UpdateItem', input);
  }

  /** A table with one key, which is a string. */
  createTable(name: string, key: string): Promise<unknown> {
    return this.call('CreateTable', {
      TableName: name,
      AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
  }

  /** The keys of every row of a table of less than 1 MB. */
  async scanIds(name: string, key: string): Promise<string[]> {
    const { Items } = await this.call<{ Items: Record<string, { S: string }>[] }>('Scan', { TableName: name });
    return Items.map((item) => item[key]?.S ?? '');
  }

  async call<Output>(operation: string, input: object): Promise<Output> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20260101T000000Z',
        authorization: AUTHORIZATION,
      },
      body: JSON.stringify(input),
    });
    const output = (await response.json()) as Output & { __type?: string; message?: string; Message?: string };
    if (response.ok) return output;
    const error = new Error(output.message ?? output.Message ?? `${operation} failed`);
    error.name = output.__type?.split('#').at(-1) ?? 'UnknownError';
    throw error;
  }
}
