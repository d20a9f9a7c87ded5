import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { lambdaZone, type MetadataEndpoint } from '../../../functions/invocation/lambda-zone.ts';

const soon = () => deadlineAfter(60_000);
const TOKEN = 'a-token-of-this-sandbox';

/** A metadata endpoint as Lambda has one; the test says what it answers. */
async function startEndpoint(listener: RequestListener) {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const endpoint: MetadataEndpoint = { addr: `127.0.0.1:${(server.address() as AddressInfo).port}`, token: TOKEN };
  return {
    endpoint,
    openConnections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const inZone = (zone: string): RequestListener => {
  return ({ url, headers }, response) => {
    const isRight = url === '/2026-01-15/metadata/execution-environment' && headers.authorization === `Bearer ${TOKEN}`;
    response.writeHead(isRight ? 200 : 401).end(JSON.stringify({ AvailabilityZoneID: zone }));
  };
};

describe('the zone of a sandbox', () => {
  test("is what Lambda's metadata endpoint says, and no connection to it is left", async () => {
    await using started = await startEndpoint(inZone('use1-az1'));
    expect(await lambdaZone(started.endpoint, soon())).toBe('use1-az1');
    await expect.poll(started.openConnections).toBe(0);
  });

  test('is not known by an endpoint that does not answer in time', async () => {
    await using started = await startEndpoint(() => undefined);
    await expect(lambdaZone(started.endpoint, deadlineAfter(50))).rejects.toThrow('aborted');
  });

  test.each<[string, RequestListener, RegExp]>([
    ['refuses', (_request, response) => response.writeHead(403).end('no'), /answered 403: no/],
    ['tells something else', (_request, response) => response.end('{"Zone":1}'), /tells no AvailabilityZoneID/],
    ['tells no JSON', (_request, response) => response.end('<html>'), /not valid JSON/],
    ['hangs up', ({ socket }) => socket.destroy(), /socket hang up/],
  ])('is not known by an endpoint that %s', async (_how, listener, reason) => {
    await using started = await startEndpoint(listener);
    await expect(lambdaZone(started.endpoint, soon())).rejects.toThrow(reason);
  });
});
