import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { lambdaZone } from '../../../functions/invocation/lambda-zone.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';

const soon = () => deadlineAfter(60_000);
const TOKEN = 'a-token-of-this-sandbox';

/** What was written to the log. */
let log = '';

beforeEach(() => {
  log = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      log += chunk.toString();
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A metadata endpoint as Lambda has one, named in the environment; the test says what it answers. */
async function startEndpoint(listener: RequestListener) {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  vi.stubEnv('AWS_LAMBDA_METADATA_API', `127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_LAMBDA_METADATA_TOKEN', TOKEN);
  return {
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
    await using endpoint = await startEndpoint(inZone('use1-az1'));
    expect(await lambdaZone(soon())).toBe('use1-az1');
    await expect.poll(endpoint.openConnections).toBe(0);
  });

  test('is not known where there is no endpoint, and the log says what to do', async () => {
    vi.stubEnv('AWS_LAMBDA_METADATA_API', undefined);
    vi.stubEnv('AWS_LAMBDA_METADATA_TOKEN', undefined);
    expect(await lambdaZone(soon())).toBeUndefined();
    expect(log).toContain('set ROCKETMQ_ZONE to its name');
  });

  test('is not known by an endpoint that does not answer in time', async () => {
    await using _endpoint = await startEndpoint(() => undefined);
    await expect(lambdaZone(deadlineAfter(50))).rejects.toThrow('aborted');
  });

  test.each<[string, RequestListener, RegExp]>([
    ['refuses', (_request, response) => response.writeHead(403).end('no'), /answered 403: no/],
    ['tells something else', (_request, response) => response.end('{"Zone":1}'), /tells no AvailabilityZoneID/],
    ['tells no JSON', (_request, response) => response.end('<html>'), /not valid JSON/],
    ['hangs up', ({ socket }) => socket.destroy(), /socket hang up/],
  ])('is not known by an endpoint that %s, and the log says why', async (_how, listener, reason) => {
    await using _endpoint = await startEndpoint(listener);
    await expect(lambdaZone(soon())).rejects.toThrow(reason);
    expect(log).toMatch(reason);
  });
});

test('a warm client with the zone auto sends to brokers of the zone of its sandbox', async () => {
  await using _endpoint = await startEndpoint(inZone('use1-az2'));
  await using cluster = await startEmbeddedCluster({
    brokers: [1, 2, 3].map((number) => ({ name: `broker-${number}`, zone: `use1-az${number}` })),
    topics: [{ name: 'orders', queues: 2 }],
  });
  vi.stubEnv('ROCKETMQ_TOPIC', 'orders');
  vi.stubEnv('ROCKETMQ_PRODUCER_GROUP', 'orders-lambda');
  vi.stubEnv('ROCKETMQ_NAME_SERVERS', cluster.nameServerAddrs.join(';'));
  vi.stubEnv('ROCKETMQ_ZONE', 'auto');
  const { warmClient } = await import('../../../functions/invocation/warm-client.ts');
  const { client, producer } = warmClient();
  const upkeep = await client.beginInvocation(soon());
  const sent = [];
  for (let count = 0; count < 6; count++) sent.push(await producer.send({ topic: 'orders', body: 'order' }));
  await upkeep.end();
  expect(new Set(sent.map(({ queue }) => queue.brokerName))).toEqual(new Set(['broker-2']));
  await client.shutdown();
});
