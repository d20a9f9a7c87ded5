import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { monotonicMs } from '../../../../functions/rocketmq/clock.ts';
import { RemotingSendRequestError, RemotingTimeoutError } from '../../../../functions/rocketmq/errors.ts';
import {
  encodeFrame,
  ONEWAY_FLAG,
  RESPONSE_FLAG,
  type RemotingCommand,
} from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import type { Connection } from '../../../../functions/rocketmq/remoting/connection.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';
import type { TlsSettings } from '../../../../functions/rocketmq/remoting/tls-settings.ts';
import { createTlsCertificates } from '../../../../local/tls-certificates.ts';
import { answerAll, type FrameServer, type ServerPeer, saySilence, startFrameServer } from './frame-server.ts';
import { GivenClock } from './given-clock.ts';

/** Long enough never to pass in a test. */
const LONG_MS = 60_000;

let server: FrameServer;
let client: RemotingClient;
let connection: Connection;
let peer: ServerPeer;

beforeEach(async () => {
  server = await startFrameServer(saySilence);
  client = clientOf(undefined);
  connection = await client.connect(server.addr, LONG_MS);
  peer = await server.peer(0);
});

afterEach(async () => {
  client.shutdown();
  await server.stop();
});

function clientOf(tls: TlsSettings | undefined): RemotingClient {
  return new RemotingClient({
    clock: new GivenClock(),
    serializeType: 'ROCKETMQ',
    connectTimeoutMs: 5000,
    idleLimitMs: 100_000,
    tls: () => tls,
  });
}

const requestOf = (code: number, bodyBytes = 0) => ({ code, extFields: {}, body: Buffer.alloc(bodyBytes, code) });

/** A request of the server, as it arrives. */
function lastRequest(): RemotingCommand {
  const last = peer.requests.at(-1);
  if (last === undefined) throw new Error('no request came');
  return last;
}

/** Takes the reason of a rejection, without waiting for it yet. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason) => reason,
  );

describe('requests', () => {
  test('get the answer of their own opaque, in whatever order answers come', async () => {
    const answers = [11, 12, 13].map((code) => connection.request(requestOf(code), LONG_MS));
    await server.untilRequests(3);
    for (const request of peer.requests.toReversed()) peer.answer(request, { remark: `to ${request.code}` });
    expect((await Promise.all(answers)).map(({ remark }) => remark)).toEqual(['to 11', 'to 12', 'to 13']);
  });

  test('of one tick leave in one write', async () => {
    server.script = answerAll;
    await Promise.all(Array.from({ length: 50 }, (_, code) => connection.request(requestOf(code), LONG_MS)));
    expect(peer.chunks).toEqual([Array.from({ length: 50 }, (_, code) => code)]);
  });

  test('of the promise jobs of one tick leave in one write too', async () => {
    server.script = answerAll;
    const later = async (code: number) => {
      for (let jobs = 0; jobs < code; jobs++) await undefined;
      return connection.request(requestOf(code), LONG_MS);
    };
    await Promise.all([0, 1, 5, 20].map(later));
    expect(peer.chunks).toEqual([[0, 1, 5, 20]]);
  });

  test('declare the version and language that servers treat as an ordinary client', async () => {
    const answer = connection.request(requestOf(34), LONG_MS);
    await server.untilRequests(1);
    expect(lastRequest()).toMatchObject({ language: 7, version: 441, flag: 0 });
    peer.answer(lastRequest());
    await answer;
  });

  test('that cannot be encoded fail alone, and take nothing with them', async () => {
    server.script = answerAll;
    const good = connection.request(requestOf(1), LONG_MS);
    const bad = reasonOf(connection.request({ code: 2, extFields: { empty: '' } }, LONG_MS));
    const alsoGood = connection.request(requestOf(3), LONG_MS);
    expect(await bad).toBeInstanceOf(Error);
    await Promise.all([good, alsoGood]);
    expect(server.codes()).toEqual([1, 3]);
    expect(connection.pendingCount).toBe(0);
  });

  test('that want no answer are written and wait for none', async () => {
    connection.oneway(requestOf(10));
    expect(connection.pendingCount).toBe(0);
    await server.untilRequests(1);
    expect(lastRequest().flag).toBe(ONEWAY_FLAG);
  });
});

describe('an answer', () => {
  test('that was there in time is taken, although the process was too busy to look until the limit had passed', async () => {
    const limitMs = 20;
    server.script = (request, from) => {
      from.answer(request);
      const busyUntil = monotonicMs() + 3 * limitMs;
      while (monotonicMs() < busyUntil);
      return undefined;
    };
    expect(await connection.request(requestOf(1), limitMs)).toMatchObject({ code: 0 });
    expect(connection.isUsable).toBe(true);
  });

  test('that is late is consumed, and the next one is read right: one slow answer does not cost the connection', async () => {
    // Something is heard after the slow request began, so that the server does not count as silent.
    const slow = reasonOf(connection.request(requestOf(1), 300));
    const quick = connection.request(requestOf(2), LONG_MS);
    await server.untilRequests(2);
    const [slowRequest, quickRequest] = peer.requests;
    if (slowRequest === undefined || quickRequest === undefined) throw new Error('two requests expected');
    peer.answer(quickRequest);
    await quick;
    const error = await slow;
    expect(error).toBeInstanceOf(RemotingTimeoutError);
    expect(error).toMatchObject({ code: 'ROCKETMQ_TIMEOUT', outcome: 'unknown', retryable: true, addr: server.addr });

    server.script = answerAll;
    peer.answer(slowRequest, { remark: 'too late' });
    expect((await connection.request(requestOf(3), LONG_MS)).remark).toBeUndefined();
    expect(connection.isUsable).toBe(true);
    expect(server.peers.length).toBe(1);
  });

  test('to an opaque that nobody asked with is ignored', async () => {
    server.script = answerAll;
    const stray = { code: 0, language: 0, version: 513, opaque: 4711, flag: RESPONSE_FLAG, remark: undefined };
    peer.send({ ...stray, extFields: {}, body: Buffer.alloc(0) });
    await connection.request(requestOf(1), LONG_MS);
    expect(connection.isUsable).toBe(true);
  });

  test('that comes twice counts once', async () => {
    server.script = (request, on) => {
      on.answer(request);
      return {};
    };
    await connection.request(requestOf(1), LONG_MS);
    await connection.request(requestOf(2), LONG_MS);
    expect(connection.isUsable).toBe(true);
  });

  test('received before a FIN is delivered; what was not answered fails', async () => {
    const answered = connection.request(requestOf(1), LONG_MS);
    const unanswered = reasonOf(connection.request(requestOf(2), LONG_MS));
    await server.untilRequests(2);
    const [first] = peer.requests;
    if (first !== undefined) peer.answer(first, { remark: 'stored' });
    peer.socket.end();
    expect((await answered).remark).toBe('stored');
    expect(await unanswered).toMatchObject({ code: 'ROCKETMQ_CONNECTION_CLOSED', outcome: 'unknown' });
  });

  test('has its body for itself, whatever is read afterwards', async () => {
    const answers: RemotingCommand[] = [];
    for (const text of ['the first', 'another']) {
      const waiting = connection.request(requestOf(11), LONG_MS);
      await server.untilRequests(answers.length + 1);
      peer.answer(lastRequest(), { body: Buffer.from(text) });
      answers.push(await waiting);
    }
    expect(answers.map(({ body }) => Buffer.from(body).toString())).toEqual(['the first', 'another']);
  });

  test('split over many chunks arrives whole', async () => {
    const answer = connection.request(requestOf(1), LONG_MS);
    await server.untilRequests(1);
    const frame = encodeFrame({ ...lastRequest(), flag: RESPONSE_FLAG, remark: 'in pieces' }, 'ROCKETMQ');
    for (const byte of frame) peer.socket.write(Buffer.of(byte));
    expect((await answer).remark).toBe('in pieces');
  });
});

describe('requests of the server', () => {
  test('are handed to the handler of their code, and answered with their opaque', async () => {
    client.registerHandler(39, (request) => ({ code: 0, remark: `seen ${request.opaque}` }));
    peer.request(39, 77);
    await server.until(() => peer.responses.length === 1);
    expect(peer.responses[0]).toMatchObject({ code: 0, opaque: 77, remark: 'seen 77' });
  });

  test('with a code that nobody handles are answered "not supported"', async () => {
    peer.request(307, 5);
    await server.until(() => peer.responses.length === 1);
    expect(peer.responses[0]).toMatchObject({ code: 3, opaque: 5, remark: ' request type 307 not supported' });
  });

  test('that want no answer are handled and not answered', async () => {
    const seen: number[] = [];
    client.registerHandler(40, ({ opaque }) => {
      seen.push(opaque);
      return { code: 0 };
    });
    peer.request(40, 1, ONEWAY_FLAG);
    peer.request(307, 2, ONEWAY_FLAG);
    // Answered after the two before it could have been.
    peer.request(307, 3);
    await server.until(() => peer.responses.length === 1);
    expect(seen).toEqual([1]);
    expect(peer.responses.map(({ opaque }) => opaque)).toEqual([3]);
  });

  test('whose handler fails are answered with a system error, now or later', async () => {
    client.registerHandler(39, () => {
      throw new TypeError('no such transaction');
    });
    client.registerHandler(326, () => Promise.reject(new Error('later')));
    peer.request(39, 1);
    peer.request(326, 2);
    await server.until(() => peer.responses.length === 2);
    expect(peer.responses.map(({ code, remark }) => [code, remark])).toEqual([
      [1, 'TypeError: no such transaction'],
      [1, 'Error: later'],
    ]);
    expect(connection.isUsable).toBe(true);
  });

  test('whose answer cannot be written are answered with a system error, and the connection goes on', async () => {
    client.registerHandler(39, () => ({ code: 0, extFields: { empty: '' } }));
    peer.request(39, 1);
    await server.until(() => peer.responses.length === 1 || peer.ending !== undefined);
    expect(peer.responses.map(({ code, opaque }) => [code, opaque])).toEqual([[1, 1]]);
  });

  test('are not confused with our own of the same opaque', async () => {
    client.registerHandler(39, async () => ({ code: 0, remark: 'from the client' }));
    const answer = connection.request(requestOf(10), LONG_MS);
    await server.untilRequests(1);
    const { opaque } = lastRequest();
    peer.request(39, opaque);
    await server.until(() => peer.responses.length === 1);
    expect(connection.pendingCount).toBe(1);
    peer.answer(lastRequest(), { remark: 'from the server' });
    expect((await answer).remark).toBe('from the server');
    expect(peer.responses[0]?.remark).toBe('from the client');
  });
});

describe('a connection that ends', () => {
  test('fails what was written as unknown, and what was not yet as not sent', async () => {
    const written = reasonOf(connection.request(requestOf(1), LONG_MS));
    await server.untilRequests(1);
    const unwritten = reasonOf(connection.request(requestOf(2), LONG_MS));
    connection.close('error', new Error('cut'));
    expect(await written).toMatchObject({ outcome: 'unknown', cause: new Error('cut') });
    const notSent = await unwritten;
    expect(notSent).toBeInstanceOf(RemotingSendRequestError);
    expect(notSent).toMatchObject({ outcome: 'notSent', retryable: true, opaque: 1 });
  });

  test('refuses requests from then on, as not sent', async () => {
    connection.close('idle');
    expect(await reasonOf(connection.request(requestOf(1), LONG_MS))).toMatchObject({ outcome: 'notSent' });
    expect(connection.isUsable).toBe(false);
    expect(connection.pendingCount).toBe(0);
  });

  test('by RST fails what waits, and never the process', async () => {
    const waiting = reasonOf(connection.request(requestOf(1), LONG_MS));
    await server.untilRequests(1);
    peer.socket.resetAndDestroy();
    expect(await waiting).toMatchObject({ outcome: 'unknown', cause: { code: 'ECONNRESET' } });
  });

  test('by RST while nothing waits is noticed, and nothing is thrown', async () => {
    peer.socket.resetAndDestroy();
    while (connection.isUsable) await new Promise(setImmediate);
    expect(await reasonOf(connection.request(requestOf(1), LONG_MS))).toMatchObject({
      outcome: 'notSent',
      cause: { code: 'ECONNRESET' },
    });
  });

  test.each([
    ['a length that no frame can have', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
    ['a header longer than its frame', Buffer.from([0, 0, 0, 4, 0, 0, 0, 9])],
    ['a header that is not JSON', Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7b])],
    ['an unknown serialize type', Buffer.from([0, 0, 0, 4, 9, 0, 0, 0])],
  ])('because of %s says so to whoever waits', async (_title, garbage) => {
    const waiting = reasonOf(connection.request(requestOf(1), LONG_MS));
    await server.untilRequests(1);
    peer.socket.write(garbage);
    const error = await waiting;
    expect(error).toMatchObject({ outcome: 'unknown', cause: { code: 'ROCKETMQ_REMOTING_COMMAND' } });
    expect(String(error)).toContain(
      `what came is no RocketMQ frame: ${(error as Error & { cause: Error }).cause.message}`,
    );
    await server.until(() => peer.ending !== undefined);
    await reasonOf(client.invoke(server.addr, requestOf(2), 20));
    expect(client.openedByReason.get('protocol')).toBe(1);
  });

  test('delivers the good frames that came before the garbage', async () => {
    const waiting = connection.request(requestOf(1), LONG_MS);
    await server.untilRequests(1);
    const good = encodeFrame({ ...lastRequest(), flag: RESPONSE_FLAG, remark: 'good' }, 'JSON');
    peer.socket.write(Buffer.concat([good, Buffer.from('garbage!')]));
    expect((await waiting).remark).toBe('good');
  });
});

describe('a server that does not read', () => {
  /** Together far more than the socket buffers of both ends hold. */
  const FRAMES = 48;
  const FRAME_BYTES = 1_000_000;

  test('gets every frame in order when it reads again', async () => {
    server.script = answerAll;
    peer.socket.pause();
    const answers: Promise<RemotingCommand>[] = [];
    for (let code = 0; code < FRAMES; code++) {
      answers.push(connection.request(requestOf(code, FRAME_BYTES), LONG_MS));
      await new Promise(setImmediate);
    }
    expect(connection.pendingCount).toBe(FRAMES);
    peer.socket.resume();
    await Promise.all(answers);
    expect(server.codes()).toEqual(Array.from({ length: FRAMES }, (_, code) => code));
    const isAsSent = peer.requests.every(({ code, body }) => body.length === FRAME_BYTES && body.at(-1) === code);
    expect(isAsSent).toBe(true);
  });

  test.each(['plain', 'TLS'])(
    'and reads now and then gets every byte as it was sent, whatever was written since: %s',
    async (kind) => {
      const certificates = kind === 'plain' ? undefined : await createTlsCertificates();
      await using reader = await startFrameServer(answerAll, certificates && { tls: certificates.server });
      const sizes = Array.from({ length: 2000 }, (_, code) => (code * 7919) % 40_000);
      const sender = clientOf(certificates && { ca: certificates.ca });
      const connection = await sender.connect(reader.addr, LONG_MS);
      const { socket, requests } = await reader.peer(0);
      const answers: Promise<RemotingCommand>[] = [];
      for (const [code, size] of sizes.entries()) {
        if (code % 1000 === 0) socket.pause();
        if (code % 1000 === 800) socket.resume();
        answers.push(connection.request(requestOf(code, size), LONG_MS));
        if (code % 3 === 0) await new Promise(setImmediate);
      }
      await Promise.all(answers);
      const isAsSent = ({ code, body }: RemotingCommand) => Buffer.alloc(sizes[code] ?? -1, code).equals(body);
      expect(requests.filter((request) => !isAsSent(request))).toEqual([]);
      expect(requests.map(({ code }) => code)).toEqual([...sizes.keys()]);
      sender.shutdown();
    },
  );

  test('and goes away leaves as not sent what still waited for it, and as unknown what had been handed over', async () => {
    peer.socket.pause();
    const outcomes: Promise<unknown>[] = [];
    for (let code = 0; code < FRAMES; code++) {
      outcomes.push(reasonOf(connection.request(requestOf(code, FRAME_BYTES), LONG_MS)));
      await new Promise(setImmediate);
    }
    peer.socket.resetAndDestroy();
    const all = (await Promise.all(outcomes)).map((error) => (error as RemotingSendRequestError).outcome);
    const firstNotSent = all.indexOf('notSent');
    expect(firstNotSent).toBeGreaterThan(0);
    expect(all).toEqual(all.map((_, index) => (index < firstNotSent ? 'unknown' : 'notSent')));
  });
});
