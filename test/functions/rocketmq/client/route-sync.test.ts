import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrokerAddrTable } from '../../../../functions/rocketmq/client/broker-addr-table.ts';
import { NameServerClient } from '../../../../functions/rocketmq/client/name-server-client.ts';
import { NameServerLookup } from '../../../../functions/rocketmq/client/name-server-lookup.ts';
import { RouteSync } from '../../../../functions/rocketmq/client/route-sync.ts';
import { TopicRouteTable } from '../../../../functions/rocketmq/client/topic-route-table.ts';
import { systemClock } from '../../../../functions/rocketmq/clock.ts';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { NoNameServerError, TopicRouteNotFoundError } from '../../../../functions/rocketmq/errors.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';
import { deadAddr, type FrameServer, saySilence, startFrameServer } from '../remoting/frame-server.ts';
import { knowNothing, nameServerOf, routeOver } from './routes.ts';

const LONG_MS = 60_000;
const route = routeOver({ 'broker-a': { 0: 'a:10911', 1: 'a:10912' } });
const other = routeOver({ 'broker-b': { 0: 'b:10911' } });

let server: FrameServer;
let remoting: RemotingClient;
let nameServers: NameServerClient;
let routes: TopicRouteTable;
let brokerAddrs: BrokerAddrTable;

beforeEach(async () => {
  server = await startFrameServer(nameServerOf({ T: route }));
  const options = {
    clock: systemClock,
    serializeType: 'ROCKETMQ',
    connectTimeoutMs: 5000,
    idleLimitMs: LONG_MS,
  } as const;
  remoting = new RemotingClient(options);
  nameServers = new NameServerClient(remoting);
  nameServers.update([server.addr]);
  routes = new TopicRouteTable();
  brokerAddrs = new BrokerAddrTable();
});

afterEach(async () => {
  remoting.shutdown();
  await server.stop();
});

function syncWith(fetch?: () => Promise<readonly string[]>): RouteSync {
  return new RouteSync(nameServers, new NameServerLookup(fetch, nameServers), routes, brokerAddrs, {
    clock: systemClock,
    timeoutMs: 5000,
    asking: (_deadline, ask) => ask(),
    besideAsking: async () => undefined,
    addressMap: undefined,
    vipChannel: false,
  });
}

const soon = () => deadlineAfter(LONG_MS);

describe('the first use of a topic', () => {
  test('asks once for a hundred sends at the same time, and never again while the route is known', async () => {
    const sync = syncWith();
    const infos = await Promise.all(Array.from({ length: 100 }, () => sync.publishInfo('T', soon())));
    expect(new Set(infos).size).toBe(1);
    expect(await sync.publishInfo('T', soon())).toBe(infos[0]);
    expect(server.requests.length).toBe(1);
  });

  test('fills both tables', async () => {
    await syncWith().publishInfo('T', soon());
    expect(routes.get('T')?.data).toEqual(route);
    expect(brokerAddrs.masterAddr('broker-a')).toBe('a:10911');
    expect(brokerAddrs.all).toEqual(new Set(['a:10911', 'a:10912']));
  });

  test('asks for each topic on its own', async () => {
    server.script = nameServerOf({ T: route, U: other });
    const sync = syncWith();
    const [t, u] = await Promise.all([sync.publishInfo('T', soon()), sync.publishInfo('U', soon())]);
    expect([t.topic, u.topic]).toEqual(['T', 'U']);
    expect(server.requests.length).toBe(2);
  });

  test('of a topic that does not exist fails, and asks again the next time: it may have been created', async () => {
    const sync = syncWith();
    await expect(sync.publishInfo('New', soon())).rejects.toBeInstanceOf(TopicRouteNotFoundError);
    server.script = nameServerOf({ New: route });
    expect((await sync.publishInfo('New', soon())).topic).toBe('New');
  });

  test('of a topic that does not exist asks no more than twice for a hundred sends at the same time', async () => {
    const sync = syncWith();
    const sends = Array.from({ length: 100 }, () => sync.publishInfo('New', soon()).catch((error) => error.code));
    expect(new Set(await Promise.all(sends))).toEqual(new Set(['ROCKETMQ_TOPIC_NOT_FOUND']));
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });

  test('asks anew for a send that has more time than the one whose question it joined', async () => {
    server.script = saySilence;
    const sync = syncWith();
    const hasty = sync.publishInfo('T', deadlineAfter(300));
    const patient = sync.publishInfo('T', soon());
    await server.untilRequests(1);
    server.script = nameServerOf({ T: route });
    await expect(hasty).rejects.toBeInstanceOf(NoNameServerError);
    expect((await patient).topic).toBe('T');
  });

  test('does not hold a send beyond its own deadline, although the question it joined has more time', async () => {
    server.script = saySilence;
    const sync = syncWith();
    const patient = sync.publishInfo('T', soon());
    await expect(sync.publishInfo('T', deadlineAfter(20))).rejects.toBeInstanceOf(NoNameServerError);
    // The patient one still waits, for the same request.
    const [request] = server.requests;
    if (request !== undefined) server.peers[0]?.answer(request, nameServerOf({ T: route })(request));
    expect((await patient).topic).toBe('T');
    expect(server.requests.length).toBe(1);
  });
});

describe('a refresh', () => {
  test('swaps a changed route as a whole, and leaves an equal one in place', async () => {
    const sync = syncWith();
    const before = await sync.publishInfo('T', soon());
    await sync.refreshAll(soon());
    expect(await sync.publishInfo('T', soon())).toBe(before);
    server.script = nameServerOf({ T: other });
    await sync.refreshAll(soon());
    expect((await sync.publishInfo('T', soon())).masterAddrs).toEqual(new Map([['broker-b', 'b:10911']]));
    expect(before.masterAddrs).toEqual(new Map([['broker-a', 'a:10911']]));
  });

  test('that fails leaves the last good route in use, and tells the failure when all topics are done', async () => {
    server.script = nameServerOf({ T: route, U: other });
    const sync = syncWith();
    await Promise.all([sync.publishInfo('T', soon()), sync.publishInfo('U', soon())]);
    server.script = (request) =>
      request.extFields.topic === 'T' ? { code: 1, remark: 'broken' } : nameServerOf({ U: route })(request);
    await expect(sync.refreshAll(soon())).rejects.toThrow('broken');
    expect(routes.get('T')?.data).toEqual(route);
    expect(routes.get('U')?.data).toEqual(route);
  });

  test('that finds the topic gone keeps the route until a broker denies the topic too', async () => {
    const sync = syncWith();
    await sync.publishInfo('T', soon());
    server.script = knowNothing;
    await expect(sync.refreshAll(soon())).rejects.toBeInstanceOf(TopicRouteNotFoundError);
    // Told once: the topic may have been deleted.
    await sync.refreshAll(soon());
    expect((await sync.publishInfo('T', soon())).queues.length).toBe(4);
    routes.deleteIfMissing('T');
    await expect(sync.publishInfo('T', soon())).rejects.toBeInstanceOf(TopicRouteNotFoundError);
  });

  test('is one at a time also when it was begun anew by those whose time was not up', async () => {
    server.script = saySilence;
    const sync = syncWith();
    const hasty = sync.publishInfo('T', deadlineAfter(60));
    const patient = sync.publishInfo('T', soon());
    await expect(hasty).rejects.toBeInstanceOf(NoNameServerError);
    await server.until(() => server.requests.length === 2);
    const late = sync.publishInfo('T', soon());
    const afterError = sync.refreshAfterError('T', soon());
    await new Promise(setImmediate);
    expect(server.requests.length).toBe(2);
    remoting.shutdown();
    const failures = await Promise.allSettled([patient, late, afterError]);
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  test('after an error is made once in a while only, however many sends want it', async () => {
    const sync = syncWith();
    await sync.publishInfo('T', soon());
    await Promise.all(Array.from({ length: 100 }, () => sync.refreshAfterError('T', soon())));
    expect(server.requests.length).toBe(2);
    expect(sync.refreshAfterError('T', soon())).toBeUndefined();
    expect(server.requests.length).toBe(2);
  });
});

describe('when every name server fails', () => {
  test('the list is looked up at once, and the new servers are asked', async () => {
    nameServers.update([await deadAddr()]);
    let lookups = 0;
    const sync = syncWith(async () => {
      lookups++;
      return [server.addr];
    });
    expect((await sync.publishInfo('T', soon())).topic).toBe('T');
    expect(nameServers.nameServerAddrs).toEqual([server.addr]);
    expect(lookups).toBe(1);
  });

  test('and there was no list at all, it is looked up: the first use without a seed', async () => {
    nameServers.update([]);
    const sync = syncWith(async () => [server.addr]);
    expect((await sync.publishInfo('T', soon())).topic).toBe('T');
  });

  test('and there was no list, the error is that of the lookup: nobody was asked', async () => {
    nameServers.update([]);
    const sync = syncWith(() => Promise.reject(new Error('AccessDeniedException')));
    await expect(sync.publishInfo('T', soon())).rejects.toThrow('AccessDeniedException');
  });

  test('and the lookup finds the same list, they are not asked again, and the error tells of them', async () => {
    const dead = await deadAddr();
    nameServers.update([dead]);
    const sync = syncWith(async () => [dead]);
    await expect(sync.publishInfo('T', soon())).rejects.toThrow(`cannot connect to ${dead}`);
  });

  test('and the lookup fails too, the error tells of the servers, which stay in use', async () => {
    const dead = await deadAddr();
    nameServers.update([dead]);
    const sync = syncWith(() => Promise.reject(new Error('ThrottlingException')));
    await expect(sync.publishInfo('T', soon())).rejects.toThrow(`cannot connect to ${dead}`);
    expect(nameServers.nameServerAddrs).toEqual([dead]);
  });

  test('because the list changed under the question, the new servers are asked without another lookup', async () => {
    let lookups = 0;
    await using old = await startFrameServer(() => {
      // The question is under way at a server that leaves the list, and loses its connection.
      nameServers.update([server.addr]);
      return undefined;
    });
    nameServers.update([old.addr]);
    const sync = syncWith(async () => {
      lookups++;
      return [server.addr];
    });
    expect((await sync.publishInfo('T', soon())).topic).toBe('T');
    expect(lookups).toBe(0);
  });

  test('and nothing can be looked up, the error lists the servers', async () => {
    nameServers.update([await deadAddr()]);
    await expect(syncWith().publishInfo('T', soon())).rejects.toBeInstanceOf(NoNameServerError);
  });
});
