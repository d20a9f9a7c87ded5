import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { type SsmEndpoint, type SsmFault, startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { PARAMETER } from './function-under-test.ts';
import {
  type InProcessFunction,
  loadFunction,
  passWallClock,
  steadyClock,
  unloadFunction,
} from './in-process-function.ts';
import { newEvent } from './sqs-events.ts';

const TOPIC = 'list';
const STORED = { batchItemFailures: [] };
/** Beyond the period of the lookup with its jitter. */
const LIST_IS_OLD_MS = 150_000;
const { GET_ROUTEINFO_BY_TOPIC } = RequestCode;

let cluster: EmbeddedCluster;
let ssm: SsmEndpoint;
let sqs: InProcessFunction;

const startCluster = () => startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }], clock: steadyClock });
const report = (name: string) => sqs.client.dueWorkReport().find((task) => task.name === name);

beforeEach(async () => {
  cluster = await startCluster();
  ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: cluster.nameServerAddrs.join(';') } });
  sqs = await loadFunction({ topic: TOPIC, ssmUrl: ssm.url });
  expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
});
afterEach(async () => {
  await unloadFunction(sqs);
  await Promise.all([cluster.stop(), ssm.stop()]);
});

describe('when the parameter is old, a warm function', () => {
  test('follows a list that changed to other servers, and drops the connection to those that left it', async () => {
    await using moved = await startCluster();
    ssm.set(PARAMETER, moved.nameServerAddrs.join(','), 'StringList');
    passWallClock(LIST_IS_OLD_MS);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    expect(sqs.client.nameServerAddrs).toEqual(moved.nameServerAddrs);
    expect(ssm.calls).toHaveLength(2);
    await expect.poll(() => cluster.nameServer().connections.live).toBe(0);
    // With the next routes it is on the other cluster, and leaves the broker of the first one too.
    passWallClock(35_000);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    passWallClock(35_000);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    await expect.poll(() => cluster.broker().connections.live).toBe(0);
    expect(moved.nameServer().requests.count(GET_ROUTEINFO_BY_TOPIC)).toBeGreaterThan(0);
    const [before, after] = [cluster.messages(TOPIC).length, moved.messages(TOPIC).length];
    expect(after).toBeGreaterThan(0);
    expect(before + after).toBe(4);
  });

  test('follows a list that grew, and keeps the connection that it has', async () => {
    await using grown = await startCluster();
    ssm.set(PARAMETER, [...cluster.nameServerAddrs, ...grown.nameServerAddrs].join(';'));
    const { total } = cluster.nameServer().connections;
    // In two steps, so that no connection idles too long.
    passWallClock(LIST_IS_OLD_MS / 2);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    passWallClock(LIST_IS_OLD_MS / 2);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    expect(sqs.client.nameServerAddrs).toEqual([...cluster.nameServerAddrs, ...grown.nameServerAddrs]);
    expect(cluster.nameServer().connections).toEqual({ live: 1, total });
    expect(grown.nameServer().connections.total).toBe(0);
  });

  test.each([
    { what: 'is empty', value: '' },
    { what: 'holds a blank', value: ' ' },
    { what: 'is malformed', value: 'http://rocketmq' },
    { what: 'has one address of two without a port', value: '10.0.0.1:9876;10.0.0.2' },
  ])('keeps the last good list when the value $what, and takes the next good one', async ({ value }) => {
    ssm.set(PARAMETER, value);
    passWallClock(LIST_IS_OLD_MS);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    expect(sqs.client.nameServerAddrs).toEqual(cluster.nameServerAddrs);
    expect(report('fetchNameServerAddr')?.lastError).toContain('name servers cannot be looked up');
    expect(report('fetchNameServerAddr')?.lastError).toContain(`still using ${cluster.nameServerAddrs.join(', ')}`);
    await using moved = await startCluster();
    ssm.set(PARAMETER, moved.nameServerAddrs.join(';'));
    passWallClock(5_000);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    expect(sqs.client.nameServerAddrs).toEqual(moved.nameServerAddrs);
    expect(report('fetchNameServerAddr')?.lastError).toBeUndefined();
  });

  test.each<{ fault: SsmFault }>([
    { fault: 'ThrottlingException' },
    { fault: 'AccessDeniedException' },
    { fault: 'hang' },
  ])('stores its records and keeps the last good list on $fault, however often it is invoked', async ({ fault }) => {
    ssm.fail(fault);
    passWallClock(LIST_IS_OLD_MS);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    const { length: calls } = ssm.calls;
    expect(calls).toBeGreaterThan(1);
    for (let invocation = 0; invocation < 5; invocation++) {
      passWallClock(500);
      expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    }
    expect(ssm.calls).toHaveLength(calls);
    expect(sqs.client.nameServerAddrs).toEqual(cluster.nameServerAddrs);
    expect(cluster.messages(TOPIC)).toHaveLength(7);
  });
});

describe('when all name servers are gone and routes are due, a warm function', () => {
  test('sends on, asks the parameter at once, and follows it to the servers that it names now', async () => {
    await cluster.nameServer().stop('RST');
    passWallClock(35_000);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    expect(ssm.calls).toHaveLength(2);
    expect(report('updateTopicRouteInfoFromNameServer')?.lastError).toContain(cluster.nameServerAddrs[0]);
    await using moved = await startCluster();
    ssm.set(PARAMETER, moved.nameServerAddrs.join(';'));
    passWallClock(5_000);
    expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    expect(sqs.client.nameServerAddrs).toEqual(moved.nameServerAddrs);
    expect(report('updateTopicRouteInfoFromNameServer')?.lastError).toBeUndefined();
    expect(cluster.messages(TOPIC).length + moved.messages(TOPIC).length).toBe(3);
  });

  test('sends on with the routes it knows when the parameter names the same servers', async () => {
    await cluster.nameServer().stop('RST');
    for (let invocation = 0; invocation < 4; invocation++) {
      passWallClock(35_000);
      expect(await sqs.invoke(newEvent(1))).toEqual(STORED);
    }
    expect(cluster.messages(TOPIC)).toHaveLength(5);
    expect(sqs.client.pendingCount).toBe(0);
  });
});
