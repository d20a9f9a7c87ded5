import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientClosedError, RemotingConnectError, type RocketMQError } from '../../../../functions/rocketmq/errors.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';
import { startBlackHole } from './black-hole.ts';
import { answerAll, deadAddr, type FrameServer, saySilence, startFrameServer } from './frame-server.ts';
import { GivenClock } from './given-clock.ts';

/** Long enough never to pass in a test. */
const LONG_MS = 60_000;
const IDLE_LIMIT_MS = 100_000;

let server: FrameServer;
let clock: GivenClock;
let client: RemotingClient;

beforeEach(async () => {
  server = await startFrameServer();
  clock = new GivenClock();
  const options = { clock, serializeType: 'ROCKETMQ', connectTimeoutMs: LONG_MS, idleLimitMs: IDLE_LIMIT_MS } as const;
  client = new RemotingClient(options);
});

afterEach(async () => {
  client.shutdown();
  await server.stop();
});

const requestOf = (code: number) => ({ code, extFields: {} });
const invoke = (code: number, timeoutMs = LONG_MS, addr = server.addr) =>
  client.invoke(addr, requestOf(code), timeoutMs);

/** What a promise fails with. */
async function failureOf(promise: Promise<unknown>): Promise<RocketMQError> {
  try {
    await promise;
  } catch (error) {
    return error as RocketMQError;
  }
  throw new Error('it did not fail');
}

const openedByReason = () => Object.fromEntries(client.openedByReason);

describe('connecting', () => {
  test('tells the address of this end of the first connection, also when that has ended', async () => {
    expect(client.localAddress).toBeUndefined();
    await invoke(1);
    expect(client.localAddress).toBe('127.0.0.1');
    client.shutdown();
    expect(client.localAddress).toBe('127.0.0.1');
  });

  test('happens once for many requests made at once', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, code) => invoke(code)));
    expect(server.peers.length).toBe(1);
    expect(openedByReason()).toEqual({ first: 1 });
    expect(client.connectedAddrs).toEqual([server.addr]);
    expect(client.pendingCount).toBe(0);
  });

  test('leaves all requests that waited for it in one write', async () => {
    await Promise.all([1, 2, 3].map((code) => invoke(code)));
    expect(server.peers[0]?.chunks).toEqual([[1, 2, 3]]);
  });

  test('shows each new connection before anything is written on it', async () => {
    client.onConnected = (connection) => void connection.request(requestOf(34), LONG_MS);
    await invoke(310);
    expect(server.peers[0]?.chunks).toEqual([[34, 310]]);
  });

  test('fails a request whose own limit is shorter alone, and goes on for the others', async () => {
    await using hole = await startBlackHole();
    const patient = failureOf(invoke(1, LONG_MS, hole.addr));
    const hasty = await failureOf(invoke(2, 10, hole.addr));
    expect(hasty).toBeInstanceOf(RemotingConnectError);
    expect(hasty).toMatchObject({ outcome: 'notSent', retryable: true });
    expect(client.pendingCount).toBe(1);
    client.abandonConnects();
    expect((await patient).message).toContain('given up: the invocation ended');
    expect(client.pendingCount).toBe(0);
  });

  test('can be tried again after it was given up', async () => {
    await using hole = await startBlackHole();
    const first = failureOf(invoke(1, LONG_MS, hole.addr));
    client.abandonConnects();
    expect(client.pendingCount).toBe(0);
    // At once, before the attempt given up has failed for those who waited for it.
    const second = failureOf(invoke(1, 10, hole.addr));
    expect(client.pendingCount).toBe(1);
    expect((await first).message).toContain('given up: the invocation ended');
    expect((await second).message).toContain('no time left to connect');
    expect(client.pendingCount).toBe(1);
  });

  test('is tried anew by the next request when it failed', async () => {
    const addr = await deadAddr();
    expect(await failureOf(invoke(1, LONG_MS, addr))).toMatchObject({ code: 'ROCKETMQ_CONNECT', outcome: 'notSent' });
    await using reborn = await startFrameServer(answerAll, { port: Number(addr.split(':')[1]) });
    await invoke(2, LONG_MS, addr);
    expect(reborn.codes()).toEqual([2]);
  });
});

describe('a server that was silent for a whole time limit', () => {
  test('gets a new connection for the next request', async () => {
    await client.connect(server.addr, LONG_MS);
    server.script = saySilence;
    expect(await failureOf(invoke(1, 20))).toMatchObject({ code: 'ROCKETMQ_TIMEOUT' });
    server.script = answerAll;
    await invoke(2);
    expect(openedByReason()).toEqual({ first: 1, timeout: 1 });
    await server.until(() => server.openPeers.length === 1);
  });

  test('may still answer what waits on the old connection, while new requests go over a new one', async () => {
    await client.connect(server.addr, LONG_MS);
    server.script = saySilence;
    const patient = invoke(1);
    expect(await failureOf(invoke(2, 20))).toMatchObject({ code: 'ROCKETMQ_TIMEOUT' });
    server.script = answerAll;
    await invoke(3);
    expect(server.peers.map(({ requests }) => requests.map(({ code }) => code))).toEqual([[1, 2], [3]]);
    expect(client.pendingCount).toBe(1);
    const [old] = server.peers;
    const [waiting] = old?.requests ?? [];
    if (waiting !== undefined) old?.answer(waiting, { remark: 'at last' });
    expect((await patient).remark).toBe('at last');
    // Nothing waits on it any more, so it is closed.
    await server.until(() => old?.ending !== undefined);
    expect(openedByReason()).toEqual({ first: 1, timeout: 1 });
    expect(client.pendingCount).toBe(0);
  });

  test('leaves nothing behind at the shutdown, neither on the old connection nor on the new one', async () => {
    await client.connect(server.addr, LONG_MS);
    server.script = saySilence;
    const onOld = failureOf(invoke(1));
    await failureOf(invoke(2, 20));
    const onNew = failureOf(invoke(3));
    await server.untilRequests(3);
    expect(client.pendingCount).toBe(2);
    client.shutdown();
    expect(await onOld).toMatchObject({ outcome: 'unknown' });
    expect(await onNew).toMatchObject({ outcome: 'unknown' });
    await server.until(() => server.openPeers.length === 0);
  });

  test('keeps its connection when it was only one request that it did not answer', async () => {
    await client.connect(server.addr, LONG_MS);
    server.script = ({ code }) => (code === 1 ? undefined : {});
    const slow = failureOf(invoke(1, 300));
    await invoke(2);
    await invoke(3);
    await slow;
    await invoke(4);
    expect(server.peers.length).toBe(1);
  });
});

describe('connections opened', () => {
  test('are counted by what ended the one before', async () => {
    await invoke(1);
    client.retire(server.addr);
    await invoke(2);
    expect(openedByReason()).toEqual({ first: 2 });
    server.peers[1]?.socket.end();
    while (client.connectedAddrs.length > 0) await new Promise(setImmediate);
    await invoke(3);
    server.peers[2]?.socket.resetAndDestroy();
    while (client.connectedAddrs.length > 0) await new Promise(setImmediate);
    await invoke(4);
    expect(openedByReason()).toEqual({ first: 2, 'closed by peer': 1, error: 1 });
  });
});

describe('a connection to an address not needed any more', () => {
  test('takes no new request, but what waits on it is answered before it is closed', async () => {
    server.script = saySilence;
    const waiting = invoke(1);
    await server.untilRequests(1);
    client.retire(server.addr);
    server.script = answerAll;
    await invoke(2);
    expect(server.peers.map(({ requests }) => requests.length)).toEqual([1, 1]);
    const [request] = server.requests;
    if (request !== undefined) server.peers[0]?.answer(request);
    await waiting;
    await server.until(() => server.peers[0]?.ending !== undefined);
    expect(openedByReason()).toEqual({ first: 2 });
  });

  test('is not opened any more when it is just being opened', async () => {
    await using hole = await startBlackHole();
    const [closed, retired] = [failureOf(invoke(1, LONG_MS, hole.addr)), failureOf(invoke(2))];
    client.retire(hole.addr);
    client.retire(server.addr);
    expect((await closed).message).toContain('given up: the server is not used any more');
    expect(await retired).toMatchObject({ code: 'ROCKETMQ_CONNECT', outcome: 'notSent' });
    expect(client.connectedAddrs).toEqual([]);
    expect(client.pendingCount).toBe(0);
  });

  test('is closed at once when nothing waits', async () => {
    await invoke(1);
    client.retire(server.addr);
    expect(client.connectedAddrs).toEqual([]);
    await server.until(() => server.openPeers.length === 0);
  });
});

describe('a client that is shut down', () => {
  test('fails what waits: requests, and connects', async () => {
    await using hole = await startBlackHole();
    server.script = saySilence;
    const request = failureOf(invoke(1));
    const connect = failureOf(invoke(2, LONG_MS, hole.addr));
    await server.untilRequests(1);
    client.shutdown();
    expect(await request).toMatchObject({ code: 'ROCKETMQ_CONNECTION_CLOSED', outcome: 'unknown' });
    expect(await connect).toMatchObject({ code: 'ROCKETMQ_CONNECT', outcome: 'notSent' });
    expect(client.pendingCount).toBe(0);
    await server.until(() => server.openPeers.length === 0);
  });

  test('opens no connection any more', async () => {
    await invoke(1);
    client.shutdown();
    expect(await failureOf(invoke(2))).toBeInstanceOf(ClientClosedError);
    client.shutdown();
  });
});

test('ten thousand requests that fail leave no request, no connection and no listener behind', async () => {
  const dead = await deadAddr();
  await using hole = await startBlackHole();
  const codes = new Map<string, number>();
  const count = async (promise: Promise<unknown>) => {
    const { code } = await failureOf(promise);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  };
  for (let round = 0; round < 100; round++) {
    const [addr, script] = [
      [dead, saySilence],
      [server.addr, saySilence],
      [hole.addr, saySilence],
      // Reads the first request, and resets the connection under all of them.
      [server.addr, resetting],
    ][round % 4] as [string, typeof saySilence];
    server.script = script;
    if (addr === server.addr) await client.connect(addr, LONG_MS);
    await Promise.all(Array.from({ length: 100 }, () => count(invoke(1, script === resetting ? LONG_MS : 10, addr))));
    client.abandonConnects();
  }
  expect(Object.fromEntries(codes)).toEqual({
    ROCKETMQ_CONNECT: 5000,
    ROCKETMQ_TIMEOUT: 2500,
    ROCKETMQ_CONNECTION_CLOSED: 2500,
  });
  expect(client.pendingCount).toBe(0);
  expect(client.connectedAddrs).toEqual([]);
  await server.until(() => server.openPeers.length === 0);
}, 60_000);

function resetting(_request: unknown, peer: { socket: { resetAndDestroy(): void } }): undefined {
  peer.socket.resetAndDestroy();
}
