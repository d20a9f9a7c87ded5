import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RocketMQError } from '../../../../functions/rocketmq/errors.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';
import { startTcpProxy } from '../../../../local/faults/tcp-proxy.ts';
import { answerAll, type FrameServer, saySilence, startFrameServer } from './frame-server.ts';
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

describe('the first request after a freeze', () => {
  test('is sent again on a new connection when the old one is reset before it answers', async () => {
    await invoke(1);
    client.beginInvocation();
    server.script = (_request, peer) => {
      server.script = answerAll;
      peer.socket.resetAndDestroy();
      return undefined;
    };
    const answer = await invoke(2);
    expect(server.codes()).toEqual([1, 2, 2]);
    expect(server.peers.length).toBe(2);
    // The first copy was read: whoever counts possible duplicates must be able to tell.
    expect(client.wasReplayed(answer)).toBe(true);
  });

  test('succeeds when a NAT forgot the connection, and costs one connect', async () => {
    await using proxy = await startTcpProxy({ target: server.addr });
    await invoke(1, LONG_MS, proxy.addr);
    client.beginInvocation();
    proxy.apply({ kind: 'forget' }, 'present');
    await Promise.all([2, 3, 4].map((code) => invoke(code, LONG_MS, proxy.addr)));
    expect(proxy.totalConnections).toBe(2);
    expect(server.codes()).toEqual([1, 2, 3, 4]);
  });

  test('fails when the new connection is reset too', async () => {
    await invoke(1);
    client.beginInvocation();
    server.script = (_request, peer) => {
      peer.socket.resetAndDestroy();
      return undefined;
    };
    expect(await failureOf(invoke(2))).toMatchObject({ code: 'ROCKETMQ_CONNECTION_CLOSED', outcome: 'unknown' });
    expect(server.codes()).toEqual([1, 2, 2]);
  });

  test('is not sent again when the server had answered anything since the freeze', async () => {
    await invoke(1);
    client.beginInvocation();
    await invoke(2);
    server.script = (_request, peer) => {
      peer.socket.resetAndDestroy();
      return undefined;
    };
    expect(await failureOf(invoke(3))).toMatchObject({ code: 'ROCKETMQ_CONNECTION_CLOSED', outcome: 'unknown' });
    expect(server.codes()).toEqual([1, 2, 3]);
  });

  test('is not sent again when a part of an answer had come', async () => {
    await invoke(1);
    client.beginInvocation();
    server.script = (_request, peer) => {
      peer.socket.write(Buffer.of(0, 0), () => peer.socket.end());
      return undefined;
    };
    expect(await failureOf(invoke(2))).toMatchObject({ outcome: 'unknown' });
    expect(server.codes()).toEqual([1, 2]);
  });

  test('remains of unknown outcome when no new connection comes about: the old server may have read it', async () => {
    await invoke(1);
    client.beginInvocation();
    server.script = (_request, peer) => {
      void server.stop();
      peer.socket.resetAndDestroy();
      return undefined;
    };
    const error = await failureOf(invoke(2));
    expect(error).toMatchObject({ code: 'ROCKETMQ_CONNECTION_CLOSED', outcome: 'unknown', retryable: true });
    expect(error.cause).toMatchObject({ code: 'ROCKETMQ_CONNECT' });
  });

  test('that was not even written is not sent when no new connection comes about', async () => {
    await invoke(1);
    client.beginInvocation();
    await server.stop();
    // In the same tick as the end of the connection: its frame is not handed to the socket.
    const failure = failureOf(invoke(2));
    client.connectionTo(server.addr)?.close('error');
    expect(await failure).toMatchObject({ outcome: 'notSent' });
  });

  test('that times out is not sent again', async () => {
    await invoke(1);
    client.beginInvocation();
    server.script = saySilence;
    expect(await failureOf(invoke(2, 20))).toMatchObject({ code: 'ROCKETMQ_TIMEOUT' });
    await server.untilRequests(2);
    expect(server.codes()).toEqual([1, 2]);
  });

  test('does not make requests of other invocations, still under way, be sent twice', async () => {
    server.script = saySilence;
    const underWay = failureOf(invoke(1));
    await server.untilRequests(1);
    client.beginInvocation();
    server.peers[0]?.socket.resetAndDestroy();
    expect(await underWay).toMatchObject({ outcome: 'unknown' });
    expect(server.codes()).toEqual([1]);
  });
});

describe('an idle connection', () => {
  test('is closed at the beginning of an invocation when it was unused for longer than the limit', async () => {
    await invoke(1);
    clock.advance(IDLE_LIMIT_MS + 1);
    client.beginInvocation();
    await invoke(2);
    expect(openedByReason()).toEqual({ first: 1, idle: 1 });
    await server.until(() => server.openPeers.length === 1);
  });

  test('is kept up to the limit', async () => {
    await invoke(1);
    clock.advance(IDLE_LIMIT_MS);
    client.beginInvocation();
    await invoke(2);
    expect(openedByReason()).toEqual({ first: 1 });
  });

  test('is closed when the clock went backwards, since nobody knows how long it was', async () => {
    await invoke(1);
    clock.advance(-1);
    client.beginInvocation();
    await invoke(2);
    expect(openedByReason()).toEqual({ first: 1, idle: 1 });
  });

  test('counts from its last use, not from its opening', async () => {
    await invoke(1);
    clock.advance(IDLE_LIMIT_MS - 1);
    await invoke(2);
    clock.advance(IDLE_LIMIT_MS - 1);
    client.beginInvocation();
    await invoke(3);
    expect(openedByReason()).toEqual({ first: 1 });
  });

  test('is not closed under a request that still waits', async () => {
    server.script = saySilence;
    const waiting = invoke(1);
    await server.untilRequests(1);
    clock.advance(IDLE_LIMIT_MS + 1);
    client.beginInvocation();
    const [request] = server.requests;
    if (request !== undefined) server.peers[0]?.answer(request);
    await waiting;
  });
});
