import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DynamoDbEndpoint, startDynamoDbEndpoint } from '../../../local/dynamodb/dynamodb-endpoint.ts';

const TableName = 'T';
const key = (id: string) => ({ id: { S: id } });

let endpoint: DynamoDbEndpoint;
let client: DynamoDB;
beforeAll(async () => {
  endpoint = await startDynamoDbEndpoint({ tables: { [TableName]: 'id' } });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new DynamoDB({ endpoint: endpoint.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await endpoint.stop();
});

describe('the DynamoDB endpoint, asked by the AWS SDK', () => {
  test('gives back what was put, and nothing for what was not', async () => {
    await client.putItem({ TableName, Item: { ...key('put'), n: { N: '1' } } });
    const found = await client.getItem({ TableName, Key: key('put') });
    expect(found.Item).toEqual({ id: { S: 'put' }, n: { N: '1' } });
    expect((await client.getItem({ TableName, Key: key('other') })).Item).toBeUndefined();
  });

  test('puts once where the condition says so', async () => {
    const once = { TableName, Item: key('once'), ConditionExpression: 'attribute_not_exists(id)' };
    await client.putItem(once);
    await expect(client.putItem(once)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  });

  test('updates one attribute where another is as wanted', async () => {
    await client.putItem({ TableName, Item: { ...key('up'), outcome: { S: 'commit' } } });
    const update = (wanted: string) =>
      client.updateItem({
        TableName,
        Key: key('up'),
        UpdateExpression: 'SET at = :at',
        ConditionExpression: '#o = :wanted',
        ExpressionAttributeNames: { '#o': 'outcome' },
        ExpressionAttributeValues: { ':at': { N: '7' }, ':wanted': { S: wanted } },
      });
    await update('commit');
    await expect(update('rollback')).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    const { Item } = await client.getItem({ TableName, Key: key('up') });
    expect(Item).toEqual({ id: { S: 'up' }, outcome: { S: 'commit' }, at: { N: '7' } });
  });

  test('writes all of a transaction or none, with a reason for each write, and once for each token', async () => {
    const ConditionExpression = 'attribute_not_exists(id)';
    const write = (ids: readonly string[], ClientRequestToken?: string) =>
      client.transactWriteItems({
        TransactItems: ids.map((id) => ({ Put: { TableName, Item: key(id), ConditionExpression } })),
        ClientRequestToken,
      });
    await write(['tx-1', 'tx-2'], 'token');
    await write(['tx-1', 'tx-2'], 'token');
    await expect(write(['tx-3', 'tx-2'])).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    });
    expect((await client.getItem({ TableName, Key: key('tx-3') })).Item).toBeUndefined();
  });

  test.each([
    ['a table that is not there', { TableName: 'none', Item: key('x') }, 'ResourceNotFoundException'],
    ['an item without its key', { TableName, Item: { n: { N: '1' } } }, 'ValidationException'],
    ['a condition beyond it', { TableName, Item: key('x'), ConditionExpression: 'n > :n' }, 'ValidationException'],
  ])('refuses %s by name', async (_, input, name) => {
    await expect(client.putItem(input)).rejects.toMatchObject({ name });
  });

  test('refuses an item of more than 400 KB, alone and in a transaction', async () => {
    const sized = (bytes: number) => ({ TableName, Item: { id: { S: 'b' }, s: { S: 'x'.repeat(bytes - 4) } } });
    await client.putItem(sized(400 * 1024));
    const tooLarge = {
      name: 'ValidationException',
      message: 'Item size has exceeded the maximum allowed size',
    };
    const Put = sized(400 * 1024 + 1);
    await expect(client.putItem(Put)).rejects.toMatchObject(tooLarge);
    await expect(client.transactWriteItems({ TransactItems: [{ Put }] })).rejects.toMatchObject(tooLarge);
  });

  test('refuses an action that it does not have', async () => {
    await expect(client.listTables({})).rejects.toMatchObject({ name: 'UnknownOperationException' });
  });

  test('fails while it is told to', async () => {
    endpoint.fail();
    await expect(client.getItem({ TableName, Key: key('put') })).rejects.toMatchObject({ name: 'InternalServerError' });
    endpoint.recover();
    await client.getItem({ TableName, Key: key('put') });
  });
});
