import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { RemotingConnectError } from '../../../../functions/rocketmq/errors.ts';
import { Abandonment, dial } from '../../../../functions/rocketmq/remoting/dial.ts';
import { startBlackHole } from './black-hole.ts';
import { answerAll, deadAddr, startFrameServer } from './frame-server.ts';

const never = new Abandonment();
const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

/** What a dial fails with. */
async function failureOf(dialling: Promise<unknown>): Promise<RemotingConnectError> {
  const error: unknown = await dialling.catch((reason) => reason);
  if (!(error instanceof RemotingConnectError)) throw new Error(`no RemotingConnectError, but ${error}`);
  return error;
}

describe('dial', () => {
  test('gives up at its limit when no answer of any kind comes', async () => {
    await using hole = await startBlackHole();
    const error = await failureOf(dial(hole.addr, 40, never));
    expect(error).toMatchObject({ code: 'ROCKETMQ_CONNECT', retryable: true, outcome: 'notSent', addr: hole.addr });
    expect(error.message).toContain(`cannot connect to ${hole.addr}: no connection within 40 ms`);
  });

  test('ends when it is abandoned, before its limit', async () => {
    await using hole = await startBlackHole();
    const abandonment = new Abandonment();
    const dialling = failureOf(dial(hole.addr, 60_000, abandonment));
    abandonment.abandon('the invocation ended');
    expect((await dialling).message).toContain('given up: the invocation ended');
  });

  test('says that nothing listens when the connection is refused', async () => {
    const addr = await deadAddr();
    const error = await failureOf(dial(addr, 5000, never));
    expect(error.message).toContain(`${addr}: connection refused; nothing listens there`);
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('says so when every address of a name is refused', async () => {
    const addr = (await deadAddr()).replace('127.0.0.1', 'localhost');
    const error = await failureOf(dial(addr, 5000, never));
    expect(error.message).toContain('connection refused; nothing listens there');
  });

  test('names the host that cannot be resolved', async () => {
    const error = await failureOf(dial('no-such-host.invalid:9876', 20_000, never));
    expect(error.message).toMatch(/the name "no-such-host\.invalid" cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)/);
    expect(error).toMatchObject({ retryable: true, outcome: 'notSent' });
  });

  test.each([
    ['broker', '"broker" is not host:port'],
    ['broker:', '"broker:" has no port from 1 to 65535'],
    ['broker:70000', '"broker:70000" has no port from 1 to 65535'],
  ])('fails at %s as at a server that cannot be reached, saying what is wrong with it', async (addr, reason) => {
    const error = await failureOf(dial(addr, 1000, never));
    expect(error).toMatchObject({ retryable: true, outcome: 'notSent', addr });
    expect(error.message).toContain(`cannot connect to ${addr}: ${reason}`);
  });

  test.runIf(hasIPv6)('connects to an IPv6 address in brackets, and without', async () => {
    await using server = await startFrameServer(answerAll, { host: '::1' });
    for (const addr of [server.addr, server.addr.replace(/[[\]]/g, '')]) {
      const { socket } = await dial(addr, 5000, never);
      expect(socket.remoteFamily).toBe('IPv6');
      socket.destroy();
    }
  });

  test('gives an open socket, which cannot be abandoned any more', async () => {
    await using server = await startFrameServer();
    const abandonment = new Abandonment();
    const { socket } = await dial(server.addr, 5000, abandonment);
    abandonment.abandon('the invocation ended');
    expect(socket.readyState).toBe('open');
    socket.end();
    await once(socket, 'close');
  });
});
