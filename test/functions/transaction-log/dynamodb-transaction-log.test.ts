import { describe, expect, test } from 'vitest';
import { OptionsError } from '#rocketmq';
import {
  DynamoDbTransactionLog,
  type DynamoDbTransactionLogOptions,
} from '../../../functions/transaction-log/dynamodb-transaction-log.ts';
import { startDynamoDbEndpoint } from '../../../local/dynamodb/dynamodb-endpoint.ts';
import { DynamoDbOverHttp } from '../../contract/dynamodb-over-http.ts';

const NOW = 1_700_000_000_000;
const tableName = 'log';

async function startLog(options: object = {}) {
  const endpoint = await startDynamoDbEndpoint({ tables: { [tableName]: 'msgId' } });
  const client = () => new DynamoDbOverHttp(endpoint.url);
  const log = new DynamoDbTransactionLog({ tableName, client, now: () => NOW, ...options });
  return { endpoint, log, [Symbol.asyncDispose]: () => endpoint.stop() };
}

describe('what DynamoDB cannot say or take is an error', () => {
  test('while a row cannot be read', async () => {
    await using started = await startLog();
    started.endpoint.fail('GetItem');
    await expect(started.log.decide({ msgId: 'A', bornAt: 0 })).rejects.toThrow('failed as it was told to');
  });

  test('while a rollback cannot be written: nothing is decided', async () => {
    await using started = await startLog();
    started.endpoint.fail('PutItem');
    await expect(started.log.decide({ msgId: 'A', bornAt: 0 })).rejects.toThrow('failed as it was told to');
    expect(started.endpoint.scan(tableName)).toEqual([]);
  });

  test('while a delivery cannot be noted', async () => {
    await using started = await startLog();
    started.endpoint.put(started.log.commitItem('A').Put);
    started.endpoint.fail('UpdateItem');
    await expect(started.log.markDelivered('A')).rejects.toThrow('failed as it was told to');
    expect(await started.log.decide({ msgId: 'A', bornAt: 0 })).toBe('commit');
  });
});

test('an option that is undefined has its default', async () => {
  await using started = await startLog({ patienceMs: undefined, keptMs: undefined });
  expect(await started.log.decide({ msgId: 'A', bornAt: NOW - 59_999 })).toBe('unknown');
  expect(started.log.commitItem('A').Put.Item.expiresAt).toEqual({ N: String(NOW / 1000 + 7 * 86_400) });
});

test.each([
  ['patienceMs', Number.NaN],
  ['patienceMs', -1],
  ['patienceMs', '60000'],
  ['keptMs', Number.NaN],
  ['keptMs', Number.POSITIVE_INFINITY],
])('%s of %s is refused: with it a transaction under way would be rolled back, or no row be taken', (name, value) => {
  const options = { tableName, [name]: value } as DynamoDbTransactionLogOptions;
  expect(() => new DynamoDbTransactionLog(options)).toThrow(OptionsError);
  expect(() => new DynamoDbTransactionLog(options)).toThrow(`"${name}" is ${value}, but must be a number of ms from 0`);
});
