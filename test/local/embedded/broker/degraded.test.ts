import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { batchRequest, sendRequest } from '../requests.ts';
import { COMMIT, endRequest, halfPlace, halfRequest } from '../transaction-requests.ts';

let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  const brokers = [{ name: 'a' }, { name: 'a', slave: true, isDetached: true }];
  const topics = [{ name: 'T', queues: 1, orderTopicConf: 'a:1' }];
  cluster = await startEmbeddedCluster({ brokers, topics });
  connection = await AdminConnection.open(cluster.broker().addr);
});
afterEach(() => {
  cluster.broker().degraded = undefined;
  cluster.broker().flow.limit = undefined;
  cluster.broker().faults.clear();
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

const stored = () => cluster.broker().messages('T').length;

describe.each([10, 11, 12] as const)('a store that answers %i', (code) => {
  test('has stored single messages and batches all the same', async () => {
    cluster.broker().degraded = code;
    const before = stored();
    for (const request of [sendRequest(), batchRequest([{ UNIQ_KEY: 'x' }, { UNIQ_KEY: 'y' }])]) {
      const answer = await connection.request(request);
      expect(answer).toMatchObject({ code, remark: undefined });
      expect(answer.extFields.msgId).toMatch(/^[0-9A-F]{32}/);
    }
    expect(stored()).toBe(before + 3);
  });

  test('does not trouble those who do not wait for it, nor the ends of transactions', async () => {
    cluster.broker().degraded = code;
    expect((await connection.request(sendRequest({ properties: { WAIT: 'false' } }))).code).toBe(0);
    const half = await connection.request(halfRequest('h'));
    expect(half.code).toBe(code);
    expect((await connection.request(endRequest(halfPlace(half), COMMIT))).code).toBe(0);
  });

  test('still refuses what is illegal', async () => {
    cluster.broker().degraded = code;
    expect((await connection.request(sendRequest({ topic: 'Unknown' }))).code).toBe(17);
  });
});

test.each([
  [2, '[OVERLOAD]system busy, start flow control for a while'],
  [215, 'flow control'],
] as const)('over the limit of sends in flight the answer is %i, and nothing is stored', async (code, remark) => {
  const held = Promise.withResolvers<void>();
  cluster.broker().faults.add({ kind: 'delay', until: held.promise, times: 2 });
  cluster.broker().flow.limit = { maxInFlight: 2, code };
  const before = stored();
  const inFlight = [1, 2].map(() => connection.request(sendRequest()));
  expect(await connection.request(sendRequest())).toMatchObject({ code, remark });
  expect(cluster.broker().flow.inFlight).toBe(2);
  held.resolve();
  expect((await Promise.all(inFlight)).map((answer) => answer.code)).toEqual([0, 0]);
  expect((await connection.request(sendRequest())).code).toBe(0);
  expect(stored()).toBe(before + 3);
});

test('sends that are never answered, or whose connection is closed, are not in flight any more', async () => {
  cluster.broker().flow.limit = { maxInFlight: 1, code: 2 };
  cluster.broker().faults.add({ kind: 'no-answer', isStored: true, times: 1 });
  connection.write(sendRequest());
  cluster.broker().faults.add({ kind: 'close', how: 'RST', isStored: false, times: 1 });
  await using other = await AdminConnection.open(cluster.broker().addr);
  await expect(other.request(sendRequest())).rejects.toThrow();
  expect((await connection.request(sendRequest())).code).toBe(0);
});

test('a detached slave has the topics of its master, and none of its messages', async () => {
  await connection.request(sendRequest());
  const [master, slave] = cluster.brokers;
  expect(master?.messages('T').length).toBeGreaterThan(0);
  expect(slave?.messages('T')).toEqual([]);
  expect(slave?.topics.get('T')).toBeDefined();
});

test('order configuration of a topic is in its route, and among the pairs of the name server', () => {
  expect(cluster.nameServer().routeOf('T')?.orderTopicConf).toBe('a:1');
  expect(cluster.nameServer().kv.get('ORDER_TOPIC_CONFIG', 'T')).toBe('a:1');
});
