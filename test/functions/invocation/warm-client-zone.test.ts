import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';

let cluster: EmbeddedCluster;
/** What was written to the log. */
let log = '';

beforeEach(async () => {
  cluster = await startEmbeddedCluster({
    brokers: [1, 2, 3].map((number) => ({ name: `broker-${number}`, zone: `use1-az${number}` })),
    topics: [{ name: 'orders', queues: 2 }],
  });
  vi.resetModules();
  vi.stubEnv('ROCKETMQ_TOPIC', 'orders');
  vi.stubEnv('ROCKETMQ_PRODUCER_GROUP', 'orders-lambda');
  vi.stubEnv('ROCKETMQ_NAME_SERVERS', cluster.nameServerAddrs.join(';'));
  vi.stubEnv('ROCKETMQ_ZONE', 'auto');
  vi.stubEnv('AWS_LAMBDA_METADATA_API', undefined);
  vi.stubEnv('AWS_LAMBDA_METADATA_TOKEN', undefined);
  log = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      log += chunk.toString();
      return true;
    });
  }
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await cluster.stop();
});

/** A metadata endpoint as Lambda has one, named in the environment. */
async function startEndpoint(listener: RequestListener): Promise<AsyncDisposable> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  vi.stubEnv('AWS_LAMBDA_METADATA_API', `127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_LAMBDA_METADATA_TOKEN', 'token');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Brokers that the first sends of a new sandbox go to. */
async function brokersUsed(): Promise<Set<string>> {
  const { warmClient } = await import('../../../functions/invocation/warm-client.ts');
  const { client, producer } = warmClient();
  const upkeep = await client.beginInvocation(deadlineAfter(60_000));
  const used = new Set<string>();
  for (let count = 0; count < 12; count++) {
    used.add((await producer.send({ topic: 'orders', body: 'order' })).queue.brokerName);
  }
  await upkeep.end();
  await client.shutdown();
  return used;
}

test('with the zone auto, the first send already goes to the zone that Lambda tells', async () => {
  await using _endpoint = await startEndpoint((_request, response) => {
    response.end(JSON.stringify({ AvailabilityZoneID: 'use1-az2' }));
  });
  expect(await brokersUsed()).toEqual(new Set(['broker-2']));
  expect(log).toBe('');
});

test('without an endpoint all brokers are used, and the log says what to do', async () => {
  expect((await brokersUsed()).size).toBe(3);
  expect(log).toContain('set ROCKETMQ_ZONE to its name');
});

test('with an endpoint that refuses all brokers are used, and the log says why', async () => {
  await using _endpoint = await startEndpoint((_request, response) => response.writeHead(403).end('no'));
  expect((await brokersUsed()).size).toBe(3);
  expect(log).toContain('the metadata endpoint answered 403: no');
});

test('a zone that is named is used as it is', async () => {
  vi.stubEnv('ROCKETMQ_ZONE', 'rack-7');
  vi.stubEnv('ROCKETMQ_BROKER_ZONES', 'broker-1=rack-7;broker-3=rack-7');
  expect(await brokersUsed()).toEqual(new Set(['broker-1', 'broker-3']));
});
