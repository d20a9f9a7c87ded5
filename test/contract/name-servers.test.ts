import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import type { SsmFault } from '../../local/ssm/ssm-endpoint.ts';
import { type SsmEndpoint, startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { buildFunction, failuresOf, metricsOf, PARAMETER, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent } from './sqs-events.ts';

const TOPIC = 'names';
const RECORDS = 3;
/** Where nothing listens: the discard port. */
const NOBODY = '127.0.0.1:9';

const built = buildFunction('sqs');
afterAll(() => built[Symbol.dispose]());

let cluster: EmbeddedCluster;
let ssm: SsmEndpoint;
/** Hosts and clusters that a test started of its own. */
let more: AsyncDisposableStack;

beforeEach(async () => {
  more = new AsyncDisposableStack();
  cluster = await startEmbeddedCluster({ nameServers: 2, topics: [{ name: TOPIC, queues: 4 }] });
  ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: cluster.nameServerAddrs.join(';') } });
});
afterEach(async () => {
  await more.disposeAsync();
  await Promise.all([cluster.stop(), ssm.stop()]);
});

const start = (options: { readonly nameServers?: readonly string[]; readonly ssmUrl?: string }) =>
  more.use(startFunction(built, { topic: TOPIC, ...options }));

const stopNameServers = (...servers: number[]) =>
  Promise.all(servers.map((index) => cluster.nameServer(index).stop('RST')));

describe('when one of two name servers is gone', () => {
  test.each([0, 1])('a cold function finds the other one (number %i is gone)', async (gone) => {
    await stopNameServers(gone);
    const result = await start({ nameServers: cluster.nameServerAddrs }).invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toEqual([]);
    expect(cluster.messages(TOPIC)).toHaveLength(RECORDS);
  });

  test('one that accepts connections and says nothing costs time, but no record', async () => {
    cluster.nameServer(0).faults.add({ kind: 'no-answer', isStored: false });
    const result = await start({ nameServers: cluster.nameServerAddrs }).invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toEqual([]);
    expect(cluster.messages(TOPIC)).toHaveLength(RECORDS);
  });
});

describe('when all name servers are gone', () => {
  test('a warm function sends on, on the routes it knows', async () => {
    const host = start({ nameServers: cluster.nameServerAddrs });
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
    await stopNameServers(0, 1);
    for (let invocation = 0; invocation < 3; invocation++) {
      expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
    }
    expect(cluster.messages(TOPIC)).toHaveLength(RECORDS * 4);
  });

  test('a cold function reports every record, with an error that names the servers, and recovers with them', async () => {
    await stopNameServers(0, 1);
    const host = start({ nameServers: cluster.nameServerAddrs });
    const result = await host.invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toHaveLength(RECORDS);
    for (const failure of failuresOf(result)) {
      expect(failure).toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER', outcome: 'notSent', retryable: true });
      for (const addr of cluster.nameServerAddrs) expect(failure.reason).toContain(addr);
    }
    expect(metricsOf(result)).toMatchObject({ MessagesNotSent: RECORDS, MessagesSent: 0 });
    expect(cluster.messages(TOPIC)).toEqual([]);
    await Promise.all(cluster.nameServers.map((server) => server.start()));
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
  });

  test('the parameter is asked at once, and the servers it names now are followed', async () => {
    const host = start({ nameServers: [NOBODY], ssmUrl: ssm.url });
    const result = await host.invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toEqual([]);
    expect(ssm.calls).toHaveLength(1);
    expect(cluster.messages(TOPIC)).toHaveLength(RECORDS);
  });
});

describe('when SSM fails, a function without a seed', () => {
  test.each<{ fault: SsmFault; cure: RegExp; calls: number }>([
    { fault: 'ThrottlingException', cure: /throttled .* give ROCKETMQ_NAME_SERVERS as a seed/, calls: 2 },
    { fault: 'AccessDeniedException', cure: /allow ssm:GetParameters on this parameter/, calls: 1 },
    { fault: 'hang', cure: /did not answer in time .* an interface endpoint for ssm or a NAT gateway/, calls: 2 },
  ])('reports every record, and logs what to do about $fault', async ({ fault, cure, calls }) => {
    ssm.fail(fault);
    // With SQS's smallest sensible limit: whatever SSM does, the function has to end by itself.
    const host = start({ ssmUrl: ssm.url });
    const result = await host.invoke(newEvent(RECORDS), { timeoutMs: 10_000 });
    expect(reportedBy(result)).toHaveLength(RECORDS);
    for (const failure of failuresOf(result)) {
      expect(failure).toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER', outcome: 'notSent', retryable: true });
      expect(failure.reason).toContain(`SSM parameter "${PARAMETER}" cannot be read`);
      expect(failure.reason).toMatch(cure);
    }
    // One lookup for all records, with as many tries as the SDK makes of it.
    expect(ssm.calls).toHaveLength(calls);
    expect(result.leftBehind).toEqual([]);
    ssm.recover();
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
  });
});

describe('when the parameter is of no use, a function without a seed', () => {
  test.each([
    { what: 'is empty', value: '', told: 'is empty' },
    { what: 'holds separators alone', value: ' ; ', told: 'is empty' },
    { what: 'holds an address without a port', value: 'rocketmq.internal', told: '"rocketmq.internal"' },
    { what: 'holds a URL', value: 'http://10.0.0.1:9876', told: '"http://10.0.0.1:9876" is not host:port' },
    { what: 'holds a wrong address beside a right one', value: '10.0.0.1:9876;10.0.0.2:99999', told: '10.0.0.2:99999' },
  ])('reports every record and says so when it $what', async ({ value, told }) => {
    ssm.set(PARAMETER, value);
    const result = await start({ ssmUrl: ssm.url }).invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toHaveLength(RECORDS);
    expect(failuresOf(result)[0]).toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER', outcome: 'notSent' });
    expect(failuresOf(result)[0]?.reason).toContain(told);
  });

  test('reports every record and names the parameter when there is none', async () => {
    ssm.delete(PARAMETER);
    const result = await start({ ssmUrl: ssm.url }).invoke(newEvent(RECORDS));
    expect(failuresOf(result)[0]?.reason).toContain(`SSM parameter "${PARAMETER}" does not exist`);
  });
});

describe('when the cluster has moved, a warm function', () => {
  test('asks the parameter as soon as broker and name servers fail, and stores the records on the new cluster', async () => {
    const moved = more.use(await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] }));
    const host = start({ ssmUrl: ssm.url });
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
    ssm.set(PARAMETER, moved.nameServerAddrs.join(';'));
    await cluster.stop();
    const result = await host.invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toEqual([]);
    expect(moved.messages(TOPIC)).toHaveLength(RECORDS);
    expect(ssm.calls).toHaveLength(2);
  });
});
