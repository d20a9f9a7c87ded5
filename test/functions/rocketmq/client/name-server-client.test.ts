import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NameServerClient } from '../../../../functions/rocketmq/client/name-server-client.ts';
import { systemClock } from '../../../../functions/rocketmq/clock.ts';
import { type Deadline, deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { NoNameServerError, TopicRouteNotFoundError } from '../../../../functions/rocketmq/errors.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';
import { startBlackHole } from '../remoting/black-hole.ts';
import { deadAddr, type FrameServer, type Script, saySilence, startFrameServer } from '../remoting/frame-server.ts';
import { knowNothing, nameServerOf, routeOver } from './routes.ts';

const LONG_MS = 60_000;
const route = routeOver({ 'broker-a': { 0: '10.0.0.1:10911' } });

let remoting: RemotingClient;
let nameServers: NameServerClient;
const servers: FrameServer[] = [];

beforeEach(() => {
  const options = {
    clock: systemClock,
    serializeType: 'ROCKETMQ',
    connectTimeoutMs: LONG_MS,
    idleLimitMs: LONG_MS,
  } as const;
  remoting = new RemotingClient(options);
  nameServers = new NameServerClient(remoting);
});

afterEach(async () => {
  remoting.shutdown();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** A name server that knows the topic `T`, or does what its script says. */
async function nameServer(script: Script = nameServerOf({ T: route })): Promise<FrameServer> {
  const server = await startFrameServer(script);
  servers.push(server);
  return server;
}

/**
 * Uses servers in this order: the others are asked in random order, but the one that answered last comes first, so each
 * in turn is made to be that one.
 */
async function chooseFirst(first: FrameServer, ...others: string[]): Promise<void> {
  nameServers.update([first.addr]);
  await nameServers.topicRoute('T', deadlineAfter(LONG_MS));
  nameServers.update([first.addr, ...others]);
}

const ask = (topic = 'T', deadline: Deadline = deadlineAfter(LONG_MS)) => nameServers.topicRoute(topic, deadline);

describe('a question to the name servers', () => {
  test('is put to one of them, with the marks that make every version answer in standard JSON', async () => {
    const server = await nameServer();
    nameServers.update([server.addr]);
    expect(await ask()).toEqual(route);
    expect(server.requests).toMatchObject([{ code: 105, extFields: { topic: 'T', acceptStandardJsonOnly: 'true' } }]);
  });

  test('goes on being put to the server that answered, over one connection', async () => {
    const all = [await nameServer(), await nameServer(), await nameServer()];
    nameServers.update(all.map(({ addr }) => addr));
    for (let question = 0; question < 20; question++) await ask();
    expect(all.map(({ requests }) => requests.length).toSorted()).toEqual([0, 0, 20]);
    expect(all.flatMap(({ peers }) => peers).length).toBe(1);
  });

  test('is put first to a random one, so that many sandboxes spread over the servers', async () => {
    const all = [await nameServer(), await nameServer()];
    for (let client = 0; client < 40; client++) {
      const other = new NameServerClient(remoting);
      other.update(all.map(({ addr }) => addr));
      await other.topicRoute('T', deadlineAfter(LONG_MS));
    }
    // 40 times the same one by chance: once in 10^12 runs.
    for (const { requests } of all) expect(requests.length).toBeGreaterThan(0);
  });

  test('that is answered in the same bytes as before gives the same route, not read again', async () => {
    const server = await nameServer();
    nameServers.update([server.addr]);
    const first = await ask();
    expect(await ask()).toBe(first);
    const moved = routeOver({ 'broker-a': { 0: '10.0.0.2:10911' } });
    server.script = nameServerOf({ T: moved });
    expect(await ask()).toEqual(moved);
    server.script = nameServerOf({ T: route, U: moved });
    expect(await ask()).toEqual(route);
    expect(await ask('U')).toEqual(moved);
  });

  test('is put to another one when the chosen one died, and that one is kept to', async () => {
    const [first, second] = [await nameServer(), await nameServer()];
    await chooseFirst(first, second.addr);
    await first.stop();
    expect(await ask()).toEqual(route);
    expect(await ask()).toEqual(route);
    expect(second.requests.length).toBe(2);
    expect(second.peers.length).toBe(1);
  });

  test('is answered within its one deadline although the first one swallows connects', async () => {
    await using hole = await startBlackHole();
    const second = await nameServer();
    // Whichever comes first: a swallowed connect leaves time for the other.
    for (let client = 0; client < 6; client++) {
      const other = new NameServerClient(remoting);
      other.update([hole.addr, second.addr]);
      expect(await other.topicRoute('T', deadlineAfter(1000))).toEqual(route);
    }
    remoting.abandonConnects();
  });

  test('is put to another one when the chosen one says nothing', async () => {
    const [first, second] = [await nameServer(), await nameServer()];
    await chooseFirst(first, second.addr);
    first.script = saySilence;
    expect(await ask('T', deadlineAfter(400))).toEqual(route);
    expect(second.requests.length).toBe(1);
  });

  test.each([
    ['garbage', () => ({ body: Buffer.from('{"brokerDatas":7}') })],
    ['no body', () => ({})],
    ['a system error', () => ({ code: 1, remark: 'NullPointerException' })],
    ['"not supported"', () => ({ code: 3 })],
  ])('is put to another one when the chosen one answers %s', async (_what, script) => {
    const [first, second] = [await nameServer(), await nameServer()];
    await chooseFirst(first, second.addr);
    first.script = script;
    expect(await ask()).toEqual(route);
    expect(second.requests.length).toBe(1);
  });

  test('is put to another one when the chosen one sends bytes that are no frame', async () => {
    const [first, second] = [await nameServer(), await nameServer()];
    await chooseFirst(first, second.addr);
    first.script = (_request, { socket }) => {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      return undefined;
    };
    expect(await ask()).toEqual(route);
  });

  test('takes a route from one although another denies the topic', async () => {
    const [first, second] = [await nameServer(), await nameServer()];
    await chooseFirst(first, second.addr);
    first.script = knowNothing;
    expect(await ask()).toEqual(route);
    expect(await ask()).toEqual(route);
    expect([first.requests.length, second.requests.length]).toEqual([2, 2]);
  });
});

describe('when nobody has the route', () => {
  test('the error names the servers that deny the topic, also when others failed', async () => {
    const denying = await nameServer(knowNothing);
    const dead = await deadAddr();
    nameServers.update([denying.addr, dead]);
    const error = await ask().catch((reason) => reason);
    expect(error).toBeInstanceOf(TopicRouteNotFoundError);
    expect(error).toMatchObject({ topic: 'T', nameServerAddrs: [denying.addr], outcome: 'notSent', retryable: true });
    expect(error.message).toContain('create the topic, or correct its name or namespace');
  });

  test('and no server answered, the error lists each with its reason', async () => {
    const [deadOne, deadTwo] = [await deadAddr(), await deadAddr()];
    const broken = await nameServer(() => ({ code: 1, remark: 'out of memory' }));
    nameServers.update([deadOne, broken.addr, deadTwo]);
    const error = await ask().catch((reason) => reason);
    expect(error).toBeInstanceOf(NoNameServerError);
    expect(error.tried.toSorted()).toEqual([deadOne, broken.addr, deadTwo].toSorted());
    expect(error.message).toContain(`cannot connect to ${deadOne}: connection refused`);
    expect(error.message).toContain(`cannot connect to ${deadTwo}: connection refused`);
    expect(error.message).toContain(`${broken.addr} answered 1 SYSTEM_ERROR: out of memory`);
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(error.cause.errors.length).toBe(3);
  });

  test('because access is denied, as by a proxy, the error says so', async () => {
    const remark = 'username cannot be null.';
    const [denying, dead] = [await nameServer(() => ({ code: 1, remark })), await deadAddr()];
    nameServers.update([denying.addr, dead]);
    await expect(ask()).rejects.toMatchObject({
      code: 'ROCKETMQ_ACCESS_DENIED',
      addr: denying.addr,
      remark,
      outcome: 'notSent',
    });
  });

  test('because none is configured, the error says so', async () => {
    await expect(ask()).rejects.toMatchObject({
      code: 'ROCKETMQ_NO_NAME_SERVER',
      message: 'no name server is configured',
      tried: [],
    });
  });

  test('because no time is left, nobody is asked', async () => {
    const server = await nameServer();
    nameServers.update([server.addr]);
    await expect(ask('T', { remainingMs: () => 0 })).rejects.toThrow('no name server answered: no time was left');
    expect(server.peers.length).toBe(0);
  });
});

describe('a new list', () => {
  test('closes the connection to a server that left it, and keeps the one to a server that stayed', async () => {
    const [leaving, staying] = [await nameServer(), await nameServer()];
    await chooseFirst(staying);
    await chooseFirst(leaving, staying.addr);
    nameServers.update([staying.addr]);
    await leaving.until(() => leaving.openPeers.length === 0);
    expect(await ask()).toEqual(route);
    expect(nameServers.nameServerAddrs).toEqual([staying.addr]);
    expect(leaving.requests.length).toBe(1);
  });

  test('lets a server that left it answer what it was asked: behind a proxy these are sends', async () => {
    const [leaving, staying] = [await nameServer(saySilence), await nameServer()];
    const waiting = remoting.invoke(leaving.addr, { code: 310, extFields: {} }, LONG_MS);
    nameServers.update([leaving.addr]);
    await leaving.untilRequests(1);
    nameServers.update([staying.addr]);
    const [request] = leaving.requests;
    if (request !== undefined) (await leaving.peer(0)).answer(request);
    expect(await waiting).toMatchObject({ code: 0 });
    await leaving.until(() => leaving.openPeers.length === 0);
  });

  test('ends a question that goes the round of the old one: servers that left are not asked any more', async () => {
    const [first, left, joined] = [await nameServer(), await nameServer(), await nameServer()];
    await chooseFirst(first, left.addr);
    first.script = (_request, { socket }) => {
      nameServers.update([joined.addr]);
      socket.resetAndDestroy();
      return undefined;
    };
    await expect(ask()).rejects.toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER' });
    expect(left.peers.length).toBe(0);
    expect(await ask()).toEqual(route);
    expect(joined.requests.length).toBe(1);
  });
});
