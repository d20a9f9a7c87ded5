import type { Buffer } from 'node:buffer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sharedFields } from '../../../../functions/rocketmq/protocol/shared-fields.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';
import type { RpcHook } from '../../../../functions/rocketmq/remoting/rpc-hook.ts';
import { answerAll, type FrameServer, startFrameServer } from './frame-server.ts';
import { GivenClock } from './given-clock.ts';

/** Long enough never to pass in a test. */
const LONG_MS = 60_000;

let server: FrameServer;
let client: RemotingClient | undefined;

beforeEach(async () => {
  server = await startFrameServer(answerAll);
});

afterEach(async () => {
  client?.shutdown();
  await server.stop();
});

function connect(...rpcHooks: RpcHook[]) {
  client = new RemotingClient({
    clock: new GivenClock(),
    serializeType: 'ROCKETMQ',
    connectTimeoutMs: 5000,
    idleLimitMs: 100_000,
    rpcHooks,
  });
  return client.connect(server.addr, LONG_MS);
}

const request = { code: 11, extFields: { own: '1' }, sharedFields: sharedFields({ shared: '2' }) };

test('without hooks a request has its own header fields and the shared ones', async () => {
  const connection = await connect();
  await connection.request(request, LONG_MS);
  connection.oneway(request);
  await server.untilRequests(2);
  const { requests } = await server.peer(0);
  for (const { extFields } of requests) expect({ ...extFields }).toEqual({ own: '1', shared: '2' });
});

test('hooks see all header fields of a request, before it and after it, and what one gives is sent', async () => {
  const seen: unknown[] = [];
  const connection = await connect({
    beforeRequest: (_addr, { extFields }) => {
      seen.push(extFields);
      return { ...extFields, hooked: '3' };
    },
    afterResponse: (_addr, { extFields }) => seen.push(extFields),
  });
  await connection.request(request, LONG_MS);
  expect(seen).toEqual([
    { own: '1', shared: '2' },
    { own: '1', shared: '2' },
  ]);
  const { requests } = await server.peer(0);
  expect(requests.map(({ extFields }) => ({ ...extFields }))).toEqual([{ own: '1', shared: '2', hooked: '3' }]);
});

test('each hook sees what those before it made of a request, and none sees the fields that are not to be signed', async () => {
  const seen: unknown[] = [];
  const adding = (name: string): RpcHook => ({
    beforeRequest: (_addr, { extFields }) => {
      seen.push(extFields);
      return { ...extFields, [name]: name };
    },
  });
  const connection = await connect(adding('first'), {}, adding('second'));
  await connection.request({ ...request, unsignedFields: { unsigned: '4' } }, LONG_MS);
  const whole = { own: '1', shared: '2' };
  expect(seen).toEqual([whole, { ...whole, first: 'first' }]);
  expect(server.requests.map(({ extFields }) => ({ ...extFields }))).toEqual([
    { ...whole, first: 'first', second: 'second', unsigned: '4' },
  ]);
});

test('hooks see the bytes of a body that is else encoded into its frame alone', async () => {
  const body = { length: 4, encodeInto: (block: Buffer, at: number) => block.write('body', at) };
  const seen: unknown[] = [];
  const hooked = await connect({
    beforeRequest: (_addr, { body }) => {
      seen.push(body?.toString());
      return undefined;
    },
    afterResponse: (_addr, { body }) => seen.push(body?.toString()),
  });
  await hooked.request({ ...request, body }, LONG_MS);
  const plain = await connect();
  await plain.request({ ...request, body }, LONG_MS);
  expect(seen).toEqual(['body', 'body']);
  expect(server.requests.map(({ body }) => body.toString())).toEqual(['body', 'body']);
});

test('a request whose answer a hook cannot take fails with what it throws, and the connection goes on', async () => {
  const connection = await connect({
    afterResponse: () => {
      throw new Error('not this one');
    },
  });
  await expect(connection.request(request, LONG_MS)).rejects.toThrow('not this one');
  expect(connection.isUsable).toBe(true);
});
