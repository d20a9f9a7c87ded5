import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { ClientClosedError } from '../../../../functions/rocketmq/errors.ts';
import { deadAddr, saySilence } from '../remoting/frame-server.ts';
import { knowNothing, routeOver } from './routes.ts';
import { heartbeatsAt, invocation, LONG_MS, send, sendTo, soon, startSmallCluster } from './small-cluster.ts';

const UNREGISTER_CLIENT = 35;
const SEND = 310;

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
  test('may be called any number of times: one lookup', async () => {
    await using cluster = await startSmallCluster();
    let lookups = 0;
    const client = cluster.client({
      fetchNameServerAddrs: async () => {
        lookups++;
        return [cluster.nameServer.addr];
      },
    });
    await Promise.all([client.start(soon()), client.start(soon())]);
    await client.start(soon());
    await sendTo(client, 'T');
    expect(lookups).toBe(1);
    expect(heartbeatsAt(cluster.brokerA).length).toBe(1);
  });

  test('waits no longer than its own deadline for a lookup that another began', async () => {
    await using cluster = await startSmallCluster();
    const found = Promise.withResolvers<string[]>();
    const client = cluster.client({ fetchNameServerAddrs: () => found.promise });
    const patient = client.start(soon());
    await expect(client.start(deadlineAfter(30))).rejects.toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER' });
    found.resolve([cluster.nameServer.addr]);
    await patient;
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
    const last = cluster.brokerA.requests.findLast(({ code }) => code === SEND);
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
