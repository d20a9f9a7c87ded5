import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { DynamoDbTransactionLog } from '../../functions/transaction-log/dynamodb-transaction-log.ts';
import { type DynamoDbLocal, startDynamoDbLocal } from '../../local/dynamodb/start-dynamodb-local.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, uniqueName } from './clusters.ts';
import { DynamoDbOverHttp } from './dynamodb-over-http.ts';

const NOW = 1_700_000_000_000;
const RACES = 50;

describe('a transaction log in DynamoDB', () => {
  let server: DynamoDbLocal | undefined;
  let client: DynamoDbOverHttp;
  let tableName: string;

  beforeEach(async (context) => {
    if (server === undefined) {
      // It needs the same: a JDK and Maven.
      await needsRealRocketMQ(context);
      server = await startDynamoDbLocal();
      client = new DynamoDbOverHttp(server.url);
    }
    tableName = uniqueName('log');
    await client.createTable(tableName, 'msgId');
    await client.createTable(`${tableName}-orders`, 'orderId');
  }, CLUSTER_START_LIMIT_MS);
  afterAll(() => server?.[Symbol.asyncDispose]());

  const newLog = () => new DynamoDbTransactionLog({ tableName, client: () => client, now: () => NOW });
  const old = (msgId: string) => ({ msgId, bornAt: NOW - 60_000 });

  /** Writes a business row and the log's row together, as a sender does. */
  const commit = (log: DynamoDbTransactionLog, msgId: string) => {
    const order = { Put: { TableName: `${tableName}-orders`, Item: { orderId: { S: msgId } } } };
    return client.call('TransactWriteItems', { TransactItems: [order, log.commitItem(msgId)] });
  };
  const orderIds = () => client.scanIds(`${tableName}-orders`, 'orderId');

  test('says commit of what was written together with its business row', async () => {
    const log = newLog();
    await commit(log, 'A');
    expect(await log.decide(old('A'))).toBe('commit');
    const { Item } = await client.getItem<{ Item: object }>({ TableName: tableName, Key: { msgId: { S: 'A' } } });
    expect(Item).toEqual({
      msgId: { S: 'A' },
      outcome: { S: 'commit' },
      expiresAt: { N: String(NOW / 1000 + 7 * 86_400) },
    });
  });

  test('rolls back for good what is not there: the sender that comes later writes nothing', async () => {
    const log = newLog();
    expect(await log.decide(old('A'))).toBe('rollback');
    await expect(commit(log, 'A')).rejects.toMatchObject({ name: 'TransactionCanceledException' });
    expect(await orderIds()).toEqual([]);
    expect(await log.decide(old('A'))).toBe('rollback');
  });

  test('leaves a young one undecided, whose sender may be at work', async () => {
    const log = newLog();
    expect(await log.decide({ msgId: 'A', bornAt: NOW - 59_999 })).toBe('unknown');
    await commit(log, 'A');
    expect(await log.decide({ msgId: 'A', bornAt: NOW })).toBe('commit');
  });

  test('says rollback once the message is delivered, and takes no note of others', async () => {
    const log = newLog();
    await log.markDelivered('A');
    await commit(log, 'A');
    expect(await log.decide(old('A'))).toBe('commit');
    await log.markDelivered('A');
    expect(await log.decide(old('A'))).toBe('rollback');
    expect(await log.decide(old('B'))).toBe('rollback');
    await log.markDelivered('B');
    expect(await log.decide(old('B'))).toBe('rollback');
  });

  test(`of a sender and a checker that come at once lets one win, and both agree, ${RACES} times`, async () => {
    const log = newLog();
    const wins = { sender: 0, checker: 0 };
    for (let race = 0; race < RACES; race++) {
      const msgId = `race-${race}`;
      const write = () =>
        commit(log, msgId).then(
          () => true,
          () => false,
        );
      const [isWritten, decided] =
        race % 2 === 0
          ? await Promise.all([write(), log.decide(old(msgId))])
          : await Promise.all([log.decide(old(msgId)), write()]).then(([first, second]) => [second, first] as const);
      // A checker that found nothing and then lost to the sender says commit, or is asked again.
      if (isWritten) expect(await log.decide(old(msgId))).toBe('commit');
      else expect(decided).toBe('rollback');
      if (decided === 'rollback') expect(isWritten).toBe(false);
      wins[isWritten ? 'sender' : 'checker']++;
    }
    expect(await orderIds()).toHaveLength(wins.sender);
  });
});
