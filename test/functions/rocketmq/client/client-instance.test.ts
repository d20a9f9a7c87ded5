import { describe, expect, test } from 'vitest';
import type { ClientInstance } from '../../../../functions/rocketmq/client/client-instance.ts';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { ClientClosedError } from '../../../../functions/rocketmq/errors.ts';
import { startBlackHole } from '../remoting/black-hole.ts';
import { deadAddr, saySilence, startFrameServer } from '../remoting/frame-server.ts';
import { startFrozenServer } from './frozen-server.ts';
import { knowNothing, nameServerOf, routeOver } from './routes.ts';
import { heartbeatsAt, send, startSmallCluster } from './small-cluster.ts';

const LONG_MS = 60_000;
const HEART_BEAT = 34;
const UNREGISTER_CLIENT = 35;
const SEND = 310;
const soon = () => deadlineAfter(LONG_MS);

async function sendTo(client: ClientInstance, topic: string): Promise<void> {
  const { masterAddrs } = await client.publishInfo(topic, soon());
  for (const addr of masterAddrs.values()) await client.invoke(addr, send, LONG_MS);
}

async function invocation(client: ClientInstance, work: () => Promise<void> = async () => undefined): Promise<void> {
  const upkeep = await client.beginInvocation(soon());
  await work();
  await upkeep.end();
}

const reportOf = (client: ClientInstance, task: string) => client.dueWorkReport().find(({ name }) => name === task);

describe('making a client', () => {
  test('connects to nothing, looks nothing up, and leaves nothing to wait for', async () => {
    await using cluster = await startSmallCluster();
    let lookups = 0;
    const fetchNameServerAddrs = async () => {
      lookups++;
      return [cluster.nameServer.addr];
    };
    const client = cluster.client({ nameServerAddrs: [cluster.nameServer.addr], fetchNameServerAddrs });
    await new Promise(setImmediate);
    expect(lookups).toBe(0);
    expect(client.pendingCount).toBe(0);
    expect(cluster.nameServer.peers.length).toBe(0);
  });
});

describe('start', () => {
  test('may be called any number of times: one promise, one lookup', async () => {
    await using cluster = await startSmallCluster();
    let lookups = 0;
    const client = cluster.client({
      fetchNameServerAddrs: async () => {
        lookups++;
        return [cluster.nameServer.addr];
      },
    });
    const first = client.start(soon());
    expect(client.start(soon())).toBe(first);
    await first;
    await client.start(soon());
    await sendTo(client, 'T');
    expect(lookups).toBe(1);
    expect(heartbeatsAt(cluster.brokerA).length).toBe(1);
  });

  test('can be tried again when it failed', async () => {
    await using cluster = await startSmallCluster();
    let isThrottled = true;
    const client = cluster.client({
      fetchNameServerAddrs: async () => {
        if (isThrottled) throw new Error('ThrottlingException');
        return [cluster.nameServer.addr];
      },
    });
    await expect(client.start(soon())).rejects.toThrow('ThrottlingException');
    isThrottled = false;
    await client.start(soon());
    expect(client.nameServerAddrs).toEqual([cluster.nameServer.addr]);
  });

  test('with a seed asks nobody, and does not count as a lookup', async () => {
    await using cluster = await startSmallCluster();
    let lookups = 0;
    const fetchNameServerAddrs = async () => {
      lookups++;
      return [cluster.nameServer.addr];
    };
    const options = { nameServerAddrs: [cluster.nameServer.addr], fetchNameServerAddrs, nameServerPeriodMs: 100_000 };
    const client = cluster.client(options);
    // More than the period with its longest jitter, after the making of the client.
    cluster.clock.advance(120_001);
    await client.start(soon());
    expect(lookups).toBe(0);
    await invocation(client);
    expect(lookups).toBe(1);
  });

  test('on a client that is shut down is refused', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.shutdown();
    await expect(client.start()).rejects.toBeInstanceOf(ClientClosedError);
  });
});

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
    const client = cluster.client({ nameServerAddrs: [cluster.nameServer.addr], dueWorkBudgetMs: 30 });
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
      client.checkDueWork(soon());
      cluster.clock.advance(30_000);
      client.checkDueWork(soon());
      client.checkDueWork(soon());
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

describe('a broker that no route has any more', () => {
  test('is dropped, its socket closed and its version forgotten', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    await sendTo(client, 'U');
    cluster.routes.T = routeOver({ 'broker-b': { 0: cluster.brokerB.addr } });
    cluster.clock.advance(30_000);
    await invocation(client);
    cluster.clock.advance(30_000);
    await invocation(client);
    await cluster.brokerA.until(() => cluster.brokerA.openPeers.length === 0);
    expect(client.brokerAddrTable.masterAddr('broker-a')).toBeUndefined();
    expect(client.brokerVersionTable.get(cluster.brokerA.addr)).toBeUndefined();
    expect(client.brokerAddrTable.masters).toEqual([cluster.brokerB.addr]);
    expect(cluster.brokerB.openPeers.length).toBe(1);
  });

  test('still answers the send that is under way to it', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.routes.T = routeOver({ 'broker-b': { 0: cluster.brokerB.addr } });
    cluster.clock.advance(30_000);
    await invocation(client);
    cluster.brokerA.script = ({ code }) => (code === SEND ? undefined : {});
    const underWay = client.invoke(cluster.brokerA.addr, send, LONG_MS);
    await cluster.brokerA.until(() => cluster.brokerA.codes().filter((code) => code === SEND).length === 2);
    cluster.clock.advance(30_000);
    await invocation(client);
    const request = cluster.brokerA.requests.at(-1);
    const last = cluster.brokerA.requests.findLast(({ code }) => code === SEND) ?? request;
    if (last !== undefined) cluster.brokerA.peers[0]?.answer(last, { remark: 'stored' });
    expect((await underWay).remark).toBe('stored');
    await cluster.brokerA.until(() => cluster.brokerA.openPeers.length === 0);
  });

  test('is kept when the name servers only forgot the topic, as after their restart', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.nameServer.script = knowNothing;
    for (let period = 0; period < 3; period++) {
      cluster.clock.advance(30_000);
      await invocation(client, () => sendTo(client, 'T'));
    }
    expect(cluster.brokerA.peers.length).toBe(1);
    expect(client.brokerAddrTable.masters).toEqual([cluster.brokerA.addr]);
  });
});

describe('the beginning of an invocation', () => {
  test('sees the FIN that came while the process was frozen, so that no request is lost on the dead connection', async () => {
    await using cluster = await startSmallCluster();
    await using server = await startFrozenServer();
    cluster.routes.T = routeOver({ 'broker-a': { 0: server.addr } });
    const client = cluster.client(undefined, []);
    await sendTo(client, 'T');
    server.freezeUntilFin();
    const upkeep = await client.beginInvocation(soon());
    expect(client.pendingCount).toBe(0);
    await sendTo(client, 'T');
    await upkeep.end();
    expect(Object.fromEntries(client.connectionsOpened)).toEqual({ first: 2, 'closed by peer': 1 });
    expect(server.requestCount).toBe(2);
  });

  test('closes what was idle for longer than servers keep it', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(100_001);
    await invocation(client, () => sendTo(client, 'T'));
    expect(client.connectionsOpened.get('idle')).toBe(2);
  });

  test('of a client that is shut down is refused', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.shutdown();
    await expect(client.beginInvocation(soon())).rejects.toBeInstanceOf(ClientClosedError);
  });
});

describe('the end of an invocation', () => {
  test('waits for the due work', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.nameServer.script = saySilence;
    cluster.clock.advance(30_000);
    const upkeep = await client.beginInvocation(soon());
    await cluster.nameServer.untilRequests(2);
    let isEnded = false;
    const ended = upkeep.end().then(() => {
      isEnded = true;
    });
    await new Promise(setImmediate);
    expect(isEnded).toBe(false);
    const [, question] = cluster.nameServer.requests;
    if (question !== undefined) cluster.nameServer.peers[0]?.answer(question, knowNothing());
    await ended;
    expect(client.pendingCount).toBe(0);
  });

  test('waits for a first heartbeat that began while it waited', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.publishInfo('T', soon());
    cluster.nameServer.script = saySilence;
    cluster.brokerA.script = saySilence;
    const upkeep = await client.beginInvocation(soon());
    void client.refreshRouteAfterError('T', soon());
    const sent = client.invoke(cluster.brokerA.addr, send, LONG_MS);
    let isEnded = false;
    const ended = upkeep.end().then(() => {
      isEnded = true;
    });
    await cluster.brokerA.untilRequests(2);
    await cluster.nameServer.untilRequests(2);
    const [, question] = cluster.nameServer.requests;
    if (question !== undefined) cluster.nameServer.peers[0]?.answer(question, knowNothing());
    const [beat, request] = cluster.brokerA.requests;
    if (request !== undefined) cluster.brokerA.peers[0]?.answer(request);
    await sent;
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(isEnded).toBe(false);
    if (beat !== undefined) cluster.brokerA.peers[0]?.answer(beat);
    await ended;
    expect(client.pendingCount).toBe(0);
  });

  test('gives up connects still under way, but not before the last of several invocations ends', async () => {
    await using cluster = await startSmallCluster();
    await using hole = await startBlackHole();
    const client = cluster.client();
    const [one, two] = [await client.beginInvocation(soon()), await client.beginInvocation(soon())];
    const error = await client.invoke(hole.addr, send, 5).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ROCKETMQ_CONNECT' });
    const patient = client.invoke(hole.addr, send, LONG_MS).catch((reason) => reason);
    await one.end();
    expect(client.pendingCount).toBe(1);
    await two.end();
    expect(client.pendingCount).toBe(0);
    expect((await patient).message).toContain('given up: the invocation ended');
  });

  test('counts once, however often it is called, and each call waits for it', async () => {
    await using cluster = await startSmallCluster();
    await using hole = await startBlackHole();
    const client = cluster.client();
    const [one, two] = [await client.beginInvocation(soon()), await client.beginInvocation(soon())];
    await client.invoke(hole.addr, send, 5).catch(() => undefined);
    expect(one.end()).toBe(one.end());
    await one.end();
    expect(client.pendingCount).toBe(1);
    await two.end();
    expect(client.pendingCount).toBe(0);
  });
});

describe('shutdown', () => {
  test('takes each group off each broker it is registered at, under the client id of the connection', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client(undefined, ['orders', 'billing']);
    await sendTo(client, 'T');
    await sendTo(client, 'U');
    await client.shutdown();
    for (const broker of [cluster.brokerA, cluster.brokerB]) {
      const farewells = broker.requests.filter(({ code }) => code === UNREGISTER_CLIENT);
      const clientID = heartbeatsAt(broker)[0]?.clientID;
      expect(farewells.map(({ extFields }) => ({ ...extFields }))).toEqual([
        { clientID, producerGroup: 'orders' },
        { clientID, producerGroup: 'billing' },
      ]);
      await broker.until(() => broker.openPeers.length === 0);
    }
    expect(new Set(cluster.nameServer.codes())).toEqual(new Set([105]));
    await cluster.nameServer.until(() => cluster.nameServer.openPeers.length === 0);
    expect(client.pendingCount).toBe(0);
  });

  test('fails what waits, also when brokers do not answer the farewell', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.brokerA.script = saySilence;
    const waiting = client.invoke(cluster.brokerA.addr, send, LONG_MS).catch((reason) => reason);
    await client.shutdown(deadlineAfter(20));
    expect(await waiting).toMatchObject({ outcome: 'unknown' });
    await cluster.brokerA.until(() => cluster.brokerA.openPeers.length === 0);
  });

  test('may be called any number of times, and each call waits until it is done', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    const first = client.shutdown();
    expect(client.shutdown()).toBe(first);
    await first;
    await client.shutdown();
    expect(cluster.brokerA.codes().filter((code) => code === UNREGISTER_CLIENT).length).toBe(1);
  });

  test('opens no connection to say farewell to a broker whose connection died', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    await invocation(client);
    cluster.brokerA.script = (_request, peer) => {
      peer.socket.resetAndDestroy();
      return undefined;
    };
    await client.shutdown();
    expect(cluster.brokerA.peers.length).toBe(1);
  });

  test('refuses everything from then on, without asking anybody', async () => {
    await using cluster = await startSmallCluster();
    let lookups = 0;
    const client = cluster.client({
      nameServerAddrs: [await deadAddr()],
      fetchNameServerAddrs: async () => {
        lookups++;
        return [cluster.nameServer.addr];
      },
    });
    await client.shutdown();
    await expect(client.publishInfo('T', soon())).rejects.toBeInstanceOf(ClientClosedError);
    await expect(client.invoke(cluster.brokerA.addr, send, LONG_MS)).rejects.toBeInstanceOf(ClientClosedError);
    expect(lookups).toBe(0);
  });
});
