import { describe, expect, test } from 'vitest';
import type { ClientInstance } from '../../../../functions/rocketmq/client/client-instance.ts';
import { saySilence, startFrameServer } from '../remoting/frame-server.ts';
import { nameServerOf, routeOver } from './routes.ts';
import { invocation, LONG_MS, send, sendTo, soon, startSmallCluster } from './small-cluster.ts';

const HEART_BEAT = 34;

const reportOf = (client: ClientInstance, task: string) => client.dueWorkReport().find(({ name }) => name === task);

describe('the due work', () => {
  test('has the six tasks of the Java client, by its names and periods', async () => {
    await using cluster = await startSmallCluster();
    const given = cluster.client().dueWorkReport();
    expect(given.map(({ name, periodMs, note }) => [name, periodMs, note])).toEqual([
      ['fetchNameServerAddr', Number.POSITIVE_INFINITY, 'name servers are given, not looked up'],
      ['updateTopicRouteInfoFromNameServer', 30_000, undefined],
      ['cleanOfflineBroker', 30_000, undefined],
      ['sendHeartbeatToAllBrokerWithLock', 30_000, undefined],
      ['persistAllConsumerOffset', Number.POSITIVE_INFINITY, 'no consumer registered'],
      ['adjustThreadPool', Number.POSITIVE_INFINITY, 'the in-flight window of a broker moves with each answer'],
    ]);
    const [lookup] = cluster.client({ fetchNameServerAddrs: async () => [] }).dueWorkReport();
    expect(lookup?.periodMs).toBeGreaterThanOrEqual(96_000);
    expect(lookup?.periodMs).toBeLessThanOrEqual(144_000);
    expect(lookup?.note).toBeUndefined();
  });

  test('is nothing in a warm invocation before its time: no request but the send', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await invocation(client, () => sendTo(client, 'T'));
    const before = [cluster.nameServer.requests.length, cluster.brokerA.requests.length];
    cluster.clock.advance(29_999);
    await invocation(client, () => sendTo(client, 'T'));
    expect([cluster.nameServer.requests.length, cluster.brokerA.requests.length]).toEqual([
      before[0],
      Number(before[1]) + 1,
    ]);
    expect(client.dueWorkReport().map(({ runs }) => runs)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('is everything at once when everything is due, beside the send and not before it', async () => {
    await using cluster = await startSmallCluster();
    let lookups = 0;
    const fetchNameServerAddrs = async () => {
      lookups++;
      return [cluster.nameServer.addr];
    };
    const client = cluster.client({ nameServerAddrs: [cluster.nameServer.addr], fetchNameServerAddrs });
    await invocation(client, () => sendTo(client, 'T'));
    cluster.clock.advance(95_999);
    // Neither the name server nor a heartbeat is answered while the send is.
    cluster.nameServer.script = saySilence;
    cluster.brokerA.script = ({ code }) => (code === HEART_BEAT ? undefined : {});
    cluster.clock.advance(48_002);
    // Not idle for too long: what is looked at here is the due work.
    await client.invoke(cluster.brokerA.addr, send, LONG_MS);
    const upkeep = await client.beginInvocation(soon());
    await client.invoke(cluster.brokerA.addr, send, LONG_MS);
    expect(client.dueWorkReport().map(({ runs }) => runs)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(lookups).toBe(1);
    await cluster.nameServer.untilRequests(2);
    const [, question] = cluster.nameServer.requests;
    const beat = cluster.brokerA.requests.findLast(({ code }) => code === HEART_BEAT);
    if (question === undefined || beat === undefined) throw new Error('a question and a heartbeat expected');
    cluster.nameServer.peers.at(-1)?.answer(question, nameServerOf(cluster.routes)(question));
    cluster.brokerA.peers.at(-1)?.answer(beat);
    await upkeep.end();
    expect(client.dueWorkReport().map(({ failures }) => failures)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('keeps to its budget: what is not finished then is recorded and stays due', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client({ nameServerAddrs: [cluster.nameServer.addr], dueWorkBudgetMs: 200 });
    await sendTo(client, 'T');
    cluster.nameServer.script = saySilence;
    cluster.clock.advance(30_000);
    await invocation(client);
    const task = 'updateTopicRouteInfoFromNameServer';
    expect(reportOf(client, task)).toMatchObject({
      runs: 1,
      failures: 1,
      lastError: expect.stringContaining('no answer'),
    });
    expect(client.knownPublishInfo('T')).toBeDefined();
    cluster.nameServer.script = nameServerOf(cluster.routes);
    cluster.clock.advance(5000);
    await invocation(client);
    expect(reportOf(client, task)).toMatchObject({ runs: 2, failures: 1, lastError: undefined });
  });

  test('that a send begins takes no more time than the send may, whatever its budget', async () => {
    await using cluster = await startSmallCluster();
    const limits = { dueWorkBudgetMs: LONG_MS, nameServerTimeoutMs: LONG_MS };
    const client = cluster.client({ nameServerAddrs: [cluster.nameServer.addr], ...limits });
    await invocation(client, async () => {
      await sendTo(client, 'T');
      cluster.nameServer.script = saySilence;
      cluster.clock.advance(30_000);
      client.checkDueWork(undefined, 50);
    });
    expect(reportOf(client, 'updateTopicRouteInfoFromNameServer')).toMatchObject({ runs: 1, failures: 1 });
  });

  test('is not waited for longer than its budget although the lookup never settles', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client({
      nameServerAddrs: [cluster.nameServer.addr],
      fetchNameServerAddrs: () => new Promise(() => undefined),
      dueWorkBudgetMs: 20,
    });
    cluster.clock.advance(144_001);
    await invocation(client);
    expect(reportOf(client, 'fetchNameServerAddr')).toMatchObject({
      failures: 1,
      lastError: expect.stringContaining('it did not end by its deadline'),
    });
    expect(client.nameServerAddrs).toEqual([cluster.nameServer.addr]);
  });

  test('is not begun when the invocation has no time for it, which would only fail, and cost good connections', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(30_000);
    const upkeep = await client.beginInvocation({ remainingMs: () => 3 });
    await upkeep.end();
    expect(client.dueWorkReport().map(({ runs }) => runs)).toEqual([0, 0, 0, 0, 0, 0]);
    await invocation(client, () => sendTo(client, 'T'));
    expect(cluster.brokerA.peers.length).toBe(1);
    expect(client.dueWorkReport().map(({ failures }) => failures)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('is due when the clock went backwards', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(-1000);
    await invocation(client);
    expect(client.dueWorkReport().map(({ runs }) => runs)).toEqual([0, 1, 1, 1, 0, 0]);
  });

  test('runs once for invocations that begin at the same time', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(30_000);
    await Promise.all(Array.from({ length: 20 }, () => invocation(client)));
    expect(client.dueWorkReport().map(({ runs }) => runs)).toEqual([0, 1, 1, 1, 0, 0]);
    expect(cluster.nameServer.requests.length).toBe(2);
  });

  test('is looked at in the midst of a long invocation too', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await invocation(client, async () => {
      await sendTo(client, 'T');
      client.checkDueWork(soon(), LONG_MS);
      cluster.clock.advance(30_000);
      client.checkDueWork(soon(), LONG_MS);
      client.checkDueWork(soon(), LONG_MS);
    });
    expect(client.dueWorkReport().map(({ runs }) => runs)).toEqual([0, 1, 1, 1, 0, 0]);
  });

  test('takes a changed list of name servers, and drops the connection to the one that left it', async () => {
    await using cluster = await startSmallCluster();
    await using other = await startFrameServer(nameServerOf(cluster.routes));
    const client = cluster.client({
      nameServerAddrs: [cluster.nameServer.addr],
      fetchNameServerAddrs: async () => [other.addr],
    });
    await sendTo(client, 'T');
    cluster.clock.advance(144_001);
    await invocation(client);
    expect(client.nameServerAddrs).toEqual([other.addr]);
    await cluster.nameServer.until(() => cluster.nameServer.openPeers.length === 0);
    cluster.clock.advance(30_000);
    await invocation(client);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(client.dueWorkReport().map(({ failures }) => failures)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

test('a topic that was deleted costs nothing but its question: the broker that it names moves and keeps its new connection', async () => {
  await using cluster = await startSmallCluster();
  const { clock, routes, brokerA, brokerB } = cluster;
  routes.OLD = routeOver({ 'broker-a': { 0: brokerA.addr } });
  routes.T = routeOver({ 'broker-a': { 0: brokerA.addr } });
  const client = cluster.client();
  await sendTo(client, 'T');
  await sendTo(client, 'OLD');
  delete routes.OLD;
  routes.T = routeOver({ 'broker-a': { 0: brokerB.addr } });
  for (let count = 0; count < 6; count++) {
    clock.advance(31_000);
    await invocation(client, async () => {
      await client.invoke(client.knownPublishInfo('T')?.masterAddrs.get('broker-a') ?? '', send, LONG_MS);
    });
  }
  expect(brokerB.peers.length).toBe(1);
  expect(reportOf(client, 'updateTopicRouteInfoFromNameServer')).toMatchObject({ runs: 6, failures: 1 });
});
