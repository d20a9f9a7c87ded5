import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { rejectionOf } from './start-producer.ts';

let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({
    brokers: [{ name: 'broker-a' }, { name: 'broker-b' }],
    topics: ['orders', 'stock', 'tenant%orders'].map((name) => ({ name, queues: 1 })),
    transactionCheckMax: 1,
    transactionTimeOutMs: 0,
    transactionCheckIntervalMs: 20,
  });
});
afterEach(() => {
  for (const { faults } of cluster.brokers) faults.clear();
});
afterAll(() => cluster.stop());

test('is the sum over all masters of the topics, each asked once', async () => {
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  const count = () => client.transactionsGivenUp(['orders', 'stock'], deadlineAfter(2_000));
  expect(await count()).toBe(0);
  const producer = client.producer({ group: 'orders' });
  const upkeep = await client.beginInvocation(deadlineAfter(10_000));
  // Round robin: both brokers get some.
  for (let sent = 0; sent < 4; sent++) {
    await producer.sendTransaction({ topic: 'orders', body: 'open' }, async () => 'unknown');
  }
  await upkeep.end();
  await expect.poll(count, { timeout: 20_000 }).toBe(4);
  for (const broker of cluster.brokers) {
    const asked = broker.requests.count(RequestCode.GET_MAX_OFFSET);
    await count();
    expect(broker.requests.count(RequestCode.GET_MAX_OFFSET)).toBe(asked + 1);
  }
  await client.shutdown(deadlineAfter(1_000));
});

test('has those of a broker too that nothing may be written to any more', async () => {
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  cluster.broker('broker-a').setPerm('stock', 4);
  const asked = cluster.broker('broker-a').requests.count(RequestCode.GET_MAX_OFFSET);
  await client.transactionsGivenUp(['stock'], deadlineAfter(2_000));
  expect(cluster.broker('broker-a').requests.count(RequestCode.GET_MAX_OFFSET)).toBe(asked + 1);
  await client.shutdown(deadlineAfter(1_000));
});

test('has topics in the namespace of the client', async () => {
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, namespace: 'tenant' });
  expect(await client.transactionsGivenUp(['orders'], deadlineAfter(2_000))).toBeGreaterThanOrEqual(0);
  const unknown = rejectionOf(client.transactionsGivenUp(['stock'], deadlineAfter(2_000)));
  expect(await unknown).toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
  await client.shutdown(deadlineAfter(1_000));
});

test('is no number without a topic, whose masters would be asked', async () => {
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  await expect(client.transactionsGivenUp([], deadlineAfter(2_000))).rejects.toThrow(
    'client.transactionsGivenUp: the topics are [], but must be a list of at least one name',
  );
});

test('is no number when one master does not tell', async () => {
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  const remark = 'no permission to look there';
  cluster.brokers[1]?.faults.add({ codes: [RequestCode.GET_MIN_OFFSET], kind: 'answer', code: 16, remark });
  const refused = rejectionOf(client.transactionsGivenUp(['orders'], deadlineAfter(2_000)));
  expect(await refused).toMatchObject({ outcome: 'refused', message: expect.stringContaining(remark) });
  await client.shutdown(deadlineAfter(1_000));
});

test('is asked for once more by a master that denies it, when the credentials have changed', async () => {
  let fetched = 0;
  const fetchSecurity = async () => ({ credentials: { accessKey: `key-${fetched++}`, secretKey: 'secret' } });
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, fetchSecurity });
  const count = () => client.transactionsGivenUp(['orders'], deadlineAfter(2_000));
  const known = await count();
  const remark = 'User:key-0 is not found.';
  cluster.brokers[0]?.faults.add({ codes: [RequestCode.GET_MAX_OFFSET], kind: 'answer', code: 16, remark, times: 1 });
  expect(await count()).toBe(known);
  expect(fetched).toBe(2);
  await client.shutdown(deadlineAfter(1_000));
});

test('is no number when a master answers with none', async () => {
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs });
  cluster.brokers[0]?.faults.add({ codes: [RequestCode.GET_MAX_OFFSET], kind: 'answer', code: 0 });
  const unread = rejectionOf(client.transactionsGivenUp(['orders'], deadlineAfter(2_000)));
  expect(await unread).toMatchObject({ code: 'ROCKETMQ_REMOTING_COMMAND' });
  await client.shutdown(deadlineAfter(1_000));
});
