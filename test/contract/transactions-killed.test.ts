import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { createClient, deadlineAfter, type TransactionCheckReport } from '#rocketmq';
import { DynamoDbTransactionLog } from '../../functions/transaction-log/dynamodb-transaction-log.ts';
import { logCheckListener } from '../../functions/transaction-log/log-check-listener.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startDynamoDbLocal } from '../../local/dynamodb/start-dynamodb-local.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { startChecking } from './checking-cluster.ts';
import { contractKinds, freshTopic, uniqueName } from './clusters.ts';
import { DynamoDbOverHttp } from './dynamodb-over-http.ts';
import { buildModule } from './function-under-test.ts';

const STEPS = [
  'half written',
  'half answered',
  'row written',
  'end written',
  'end answered',
  'delivery noted',
  'unregister written',
];
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 5);
const AT_ONCE = 4;
/** A minute a round is plenty on a busy machine. */
const LIMIT_MS = Math.max(900_000, ROUNDS * 60_000);
/** Shorter than the age at which brokers first ask: what is asked for is decided at once, also against a slow sender. */
const PATIENCE_MS = 1_000;
// Bundled once: a hundred processes would each load a hundred modules.
const sender = buildModule(fileURLToPath(new URL('./killed-sender.ts', import.meta.url)));
afterAll(() => sender[Symbol.dispose]());

async function kill(step: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [sender.report.entryFile, step, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL') throw new Error(`the sender came past "${step}": ${errors}`);
}

describe.each(contractKinds)('on %s, senders killed at every step', (kind) => {
  test(
    `leave a visible message for each business row, and none without, in ${ROUNDS} rounds`,
    async (context) => {
      await needsRealRocketMQ(context);
      await using cluster = await startChecking(kind, context);
      await using dynamo = await startDynamoDbLocal();
      await using admin = new AdminClient(cluster);
      const calls = new DynamoDbOverHttp(dynamo.url);
      const tableName = uniqueName('log');
      await calls.createTable(tableName, 'msgId');
      await calls.createTable(`${tableName}-orders`, 'orderId');
      const topic = await freshTopic({ admin });
      const group = uniqueName('PG');
      const args = [topic, group, cluster.nameServerAddrs[0] ?? '', dynamo.url, tableName];
      const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
      const producer = client.producer({ group });
      const log = new DynamoDbTransactionLog({ tableName, client: () => calls, patienceMs: PATIENCE_MS });
      const listener = logCheckListener(log);
      const reports: TransactionCheckReport[] = [];
      const answered = async (report: TransactionCheckReport) => {
        await listener.answered?.(report);
        reports.push(report);
      };
      await producer.onTransactionCheck({ check: listener.check, answered });
      const upkeep = await client.beginInvocation(deadlineAfter(LIMIT_MS));
      await producer.awaitTransactionChecks([topic]);
      const jobs = Array.from({ length: ROUNDS }, () => STEPS).flat();
      const work = async () => {
        for (let step = jobs.pop(); step !== undefined; step = jobs.pop()) {
          await kill(step, args);
          // Keeps the checker's heartbeats going: without them the broker forgets it in 120 s.
          await producer.awaitTransactionChecks([topic]);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));

      // Rounds look at half messages in their order, and ask with several threads: when a later one was asked for, and one
      // after that, all before them were.
      for (let round = 0; round < 2; round++) {
        const last = await producer.sendTransaction({ topic, body: 'last' }, async () => 'unknown');
        const isAsked = () => reports.some(({ message, isConfirmed }) => message.msgId === last.msgId && isConfirmed);
        await expect.poll(isAsked, { timeout: 60_000, interval: 100 }).toBe(true);
      }
      // What was too slow for one check, on a busy machine, is decided at the next.
      const undecided = () => {
        const decided = new Set(
          reports.flatMap(({ answer, message }) => (answer === 'unknown' ? [] : [message.msgId])),
        );
        return reports.filter(({ message }) => !decided.has(message.msgId));
      };
      await expect.poll(undecided, { timeout: 60_000, interval: 100 }).toEqual([]);
      await upkeep.end();
      await client.shutdown();

      const orders = await calls.scanIds(`${tableName}-orders`, 'orderId');
      const visible = (await admin.readAll(topic)).map(({ properties }) => properties.UNIQ_KEY ?? '');
      expect([...new Set(visible)].toSorted()).toEqual(orders.toSorted());
      // All steps but the first two write the row, unless the checker was faster than a sender on a busy machine.
      expect(orders.length).toBeGreaterThan((ROUNDS * (STEPS.length - 2)) / 2);
      const repeated = visible.length - orders.length;
      await context.annotate(`${orders.length} rows, ${repeated} delivered twice, ${reports.length} checks answered`);
    },
    LIMIT_MS,
  );
});
