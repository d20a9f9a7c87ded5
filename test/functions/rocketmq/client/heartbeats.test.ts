import { describe, expect, test } from 'vitest';
import type { ClientInstance } from '../../../../functions/rocketmq/client/client-instance.ts';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { startBlackHole } from '../remoting/black-hole.ts';
import { saySilence } from '../remoting/frame-server.ts';
import { routeOver } from './routes.ts';
import { heartbeatsAt, invocation, LONG_MS, send, sendTo, soon, startSmallCluster } from './small-cluster.ts';

const HEART_BEAT = 34;
const SEND = 310;

const reportOf = (client: ClientInstance) =>
  client.dueWorkReport().find(({ name }) => name === 'sendHeartbeatToAllBrokerWithLock');

describe('a new connection to a master', () => {
  test('begins with a heartbeat, which leaves in one write with the first send', async () => {
    await using cluster = await startSmallCluster();
    await sendTo(cluster.client(), 'T');
    expect(cluster.brokerA.peers.map(({ chunks }) => chunks)).toEqual([[[HEART_BEAT, SEND]]]);
  });

  test('is told every producer group of the client and a client id of address, pid and random bits', async () => {
    await using cluster = await startSmallCluster();
    await sendTo(cluster.client(undefined, ['orders', 'billing']), 'T');
    expect(heartbeatsAt(cluster.brokerA)).toEqual([
      {
        clientID: expect.stringMatching(new RegExp(`^[^@]+@${process.pid}#[0-9a-f]{16}$`)),
        producerGroups: ['orders', 'billing'],
        consumerDataSet: [],
      },
    ]);
  });

  test('gets a client id of its own: a broker that notices late the death of the old one must not drop the new one', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.brokerA.peers[0]?.socket.resetAndDestroy();
    const upkeep = await client.beginInvocation(soon());
    await sendTo(client, 'T');
    await upkeep.end();
    const [before, after] = cluster.brokerA.peers.map((peer) => heartbeatsAt(peer)[0]?.clientID);
    expect(after).toMatch(/@\d+#[0-9a-f]{16}$/);
    expect(after).not.toBe(before);
  });

  test('gets one also where there is no time to register at once, because an invocation is near its end', async () => {
    await using cluster = await startSmallCluster();
    const { clock, brokerA } = cluster;
    const client = cluster.client();
    await invocation(client, () => sendTo(client, 'T'));
    const before = heartbeatsAt(brokerA)[0]?.clientID;
    brokerA.peers[0]?.socket.resetAndDestroy();
    const short = await client.beginInvocation(deadlineAfter(5));
    const long = await client.beginInvocation(soon());
    await client.invoke(brokerA.addr, send, LONG_MS);
    await Promise.all([short.end(), long.end()]);
    clock.advance(31_000);
    await invocation(client);
    const ids = heartbeatsAt(brokerA).map(({ clientID }) => clientID);
    expect(ids.slice(1)).toHaveLength(1);
    expect(ids[1]).not.toBe(before);
  });

  test('is registered before a request that needs it, where there was no time to before', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.publishInfo('T', soon());
    const short = await client.beginInvocation(deadlineAfter(5));
    const long = await client.beginInvocation(soon());
    await client.invoke(cluster.brokerA.addr, send, LONG_MS);
    await Promise.all([short.end(), long.end()]);
    expect(heartbeatsAt(cluster.brokerA)).toEqual([]);
    const { clientId, release } = await client.registerWithAllMasters('T', soon());
    expect(heartbeatsAt(cluster.brokerA).map(({ clientID }) => clientID)).toContain(clientId);
    release();
  });

  test('keeps the name that was given to the instance', async () => {
    await using cluster = await startSmallCluster();
    const options = { nameServerAddrs: [cluster.nameServer.addr], instanceName: 'blue', unitName: 'eu' };
    await sendTo(cluster.client(options), 'T');
    expect(heartbeatsAt(cluster.brokerA)[0]?.clientID).toMatch(/@blue@eu$/);
  });

  test('is not held up, nor is its first send failed, by a heartbeat that is refused or not answered', async () => {
    await using cluster = await startSmallCluster();
    cluster.brokerA.script = ({ code }) => (code === HEART_BEAT ? { code: 1, remark: 'NullPointerException' } : {});
    cluster.brokerB.script = ({ code }) => (code === HEART_BEAT ? undefined : {});
    const client = cluster.client();
    await sendTo(client, 'T');
    await sendTo(client, 'U');
    expect(cluster.brokerB.codes()).toEqual([HEART_BEAT, SEND]);
  });

  test('without a producer on the client is not told anything', async () => {
    await using cluster = await startSmallCluster();
    await sendTo(cluster.client(undefined, []), 'T');
    expect(cluster.brokerA.codes()).toEqual([SEND]);
  });
});

describe('heartbeats', () => {
  test('are not for name servers, and not for slaves', async () => {
    await using cluster = await startSmallCluster();
    cluster.routes.T = routeOver({ 'broker-a': { 0: cluster.brokerA.addr, 1: cluster.brokerB.addr } });
    const client = cluster.client();
    await sendTo(client, 'T');
    // A slave one is connected to, for reading.
    await client.invoke(cluster.brokerB.addr, { code: 11, extFields: {} }, LONG_MS);
    cluster.clock.advance(30_000);
    await invocation(client);
    expect(heartbeatsAt(cluster.brokerA).length).toBe(2);
    expect(cluster.brokerB.codes()).toEqual([11]);
    expect(new Set(cluster.nameServer.codes())).toEqual(new Set([105]));
  });

  test('are due 30 s later, go over the same connection, and keep its client id', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(29_999);
    await invocation(client);
    expect(heartbeatsAt(cluster.brokerA).length).toBe(1);
    cluster.clock.advance(1);
    await invocation(client);
    const [first, second] = heartbeatsAt(cluster.brokerA);
    expect(second).toEqual(first);
    expect(cluster.brokerA.peers.length).toBe(1);
  });

  test('open no connection: where there is none, nothing is registered', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.publishInfo('T', soon());
    cluster.clock.advance(30_000);
    await invocation(client);
    expect(cluster.brokerA.peers.length).toBe(0);
    expect(reportOf(client)).toMatchObject({ runs: 1, failures: 0 });
  });

  test.each([
    ['refuses', () => ({ code: 1, remark: 'broken' }), 'answered 1 SYSTEM_ERROR: broken'],
    ['says nothing', saySilence, 'no answer from'],
  ])('reach the other brokers when one %s, and the report tells of it', async (_what, script, reason) => {
    await using cluster = await startSmallCluster();
    const client = cluster.client({ nameServerAddrs: [cluster.nameServer.addr], dueWorkBudgetMs: 200 });
    await sendTo(client, 'T');
    await sendTo(client, 'U');
    cluster.brokerA.script = script;
    cluster.clock.advance(30_000);
    await invocation(client);
    expect(heartbeatsAt(cluster.brokerB).length).toBe(2);
    expect(reportOf(client)).toMatchObject({ failures: 1, lastError: expect.stringContaining(reason) });
  });

  test('on a connection that died in the freeze are not sent again under the old client id', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(30_000);
    cluster.brokerA.script = (_request, peer) => {
      if (peer !== cluster.brokerA.peers[0]) return {};
      peer.socket.resetAndDestroy();
      return undefined;
    };
    const upkeep = await client.beginInvocation(soon());
    await sendTo(client, 'T');
    await upkeep.end();
    const [old, renewed] = cluster.brokerA.peers;
    expect(renewed?.chunks).toEqual([[HEART_BEAT, SEND]]);
    if (old === undefined || renewed === undefined) throw new Error('two connections expected');
    expect(heartbeatsAt(renewed)[0]?.clientID).not.toBe(heartbeatsAt(old)[0]?.clientID);
    expect(reportOf(client)).toMatchObject({ failures: 0, lastError: undefined });
  });
});

test('the version of a broker is known from its heartbeats, and from every other answer', async () => {
  await using cluster = await startSmallCluster();
  cluster.brokerA.script = () => ({ version: 403 });
  cluster.brokerB.script = ({ code }) => (code === HEART_BEAT ? undefined : { version: 513 });
  const client = cluster.client();
  await sendTo(client, 'T');
  await sendTo(client, 'U');
  expect(client.brokerVersionTable.get(cluster.brokerA.addr)).toBe(403);
  expect(client.brokerVersionTable.get(cluster.brokerB.addr)).toBe(513);
  cluster.brokerA.script = () => ({ version: 513 });
  cluster.clock.advance(30_000);
  await invocation(client);
  expect(client.brokerVersionTable.get(cluster.brokerA.addr)).toBe(513);
});

test('nothing is under way any more when a registration with every master fails: one is out of reach, another silent', async () => {
  await using cluster = await startSmallCluster();
  await using hole = await startBlackHole();
  cluster.routes.T = routeOver({ 'broker-a': { 0: hole.addr }, 'broker-b': { 0: cluster.brokerB.addr } });
  cluster.brokerB.script = saySilence;
  const nameServerAddrs = [cluster.nameServer.addr];
  const client = cluster.client({ nameServerAddrs, connectTimeoutMs: 100, dueWorkBudgetMs: 50 });
  const upkeep = await client.beginInvocation(soon());
  const registering = client.registerWithAllMasters('T', deadlineAfter(1000));
  await expect(registering).rejects.toMatchObject({ code: 'ROCKETMQ_CONNECT' });
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
});
