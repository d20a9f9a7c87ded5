import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { startTcpProxy, type TcpProxy } from '../../local/faults/tcp-proxy.ts';
import { type SsmEndpoint, startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { PARAMETER } from './function-under-test.ts';
import {
  type InProcessFunction,
  loadFunction,
  passWallClock,
  steadyClock,
  unloadFunction,
} from './in-process-function.ts';
import { newEvent } from './sqs-events.ts';

const TOPIC = 'due';
const RECORDS = 3;
const { GET_ROUTEINFO_BY_TOPIC, HEART_BEAT, SEND_MESSAGE_V2 } = RequestCode;

let cluster: EmbeddedCluster;
let ssm: SsmEndpoint;
let ssmProxy: TcpProxy;
let sqs: InProcessFunction;

beforeEach(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }], clock: steadyClock });
  ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: cluster.nameServerAddrs.join(';') } });
  ssmProxy = await startTcpProxy({ target: new URL(ssm.url).host });
  sqs = await loadFunction({ topic: TOPIC, ssmUrl: `http://${ssmProxy.addr}` });
  expect(await sqs.invoke(newEvent(RECORDS))).toEqual({ batchItemFailures: [] });
});
afterEach(async () => {
  await unloadFunction(sqs);
  await Promise.all([cluster.stop(), ssmProxy.stop(), ssm.stop()]);
});

/** What has been asked so far. */
function asked() {
  const [broker, nameServer] = [cluster.broker(), cluster.nameServer()];
  return {
    sends: broker.requests.count(SEND_MESSAGE_V2),
    heartbeats: broker.requests.count(HEART_BEAT),
    routes: nameServer.requests.count(GET_ROUTEINFO_BY_TOPIC),
    lookups: ssm.calls.length,
  };
}

/** Holds every answer to due work back until the returned function is called; sends are answered. */
function holdDueAnswers(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  cluster.broker().faults.add({ kind: 'delay', codes: [HEART_BEAT], until: promise });
  cluster.nameServer().faults.add({ kind: 'delay', codes: [GET_ROUTEINFO_BY_TOPIC], until: promise });
  ssmProxy.apply({ kind: 'hold', direction: 'toClient' });
  return () => {
    resolve();
    ssmProxy.apply({ kind: 'pass' });
    cluster.broker().faults.clear();
    cluster.nameServer().faults.clear();
  };
}

const failuresOfTasks = () =>
  sqs.client.dueWorkReport().flatMap(({ name, lastError }) => (lastError === undefined ? [] : [name]));

test('a cold invocation looks up, asks for the route and registers once each', () => {
  expect(asked()).toEqual({ sends: RECORDS, heartbeats: 1, routes: 1, lookups: 1 });
});

test('a warm invocation sends and asks nothing else while nothing is due', async () => {
  for (let invocation = 0; invocation < 5; invocation++) {
    passWallClock(5_000);
    await sqs.invoke(newEvent(RECORDS));
  }
  expect(asked()).toEqual({ sends: RECORDS * 6, heartbeats: 1, routes: 1, lookups: 1 });
});

describe.each([
  { after: '35 s: routes and heartbeats', ms: 35_000, lookups: 0 },
  { after: '200 s: the name servers too, over connections that idled too long', ms: 200_000, lookups: 1 },
])('when work is due after $after', ({ ms, lookups }) => {
  const dueRequests = { sends: RECORDS * 2, heartbeats: 2, routes: 2, lookups: 1 + lookups };

  test('the records are stored before any of it is answered, and the answer waits for it', async () => {
    const release = holdDueAnswers();
    passWallClock(ms);
    let isAnswered = false;
    const invoking = sqs.invoke(newEvent(RECORDS)).finally(() => {
      isAnswered = true;
    });
    await expect.poll(() => cluster.messages(TOPIC).length).toBe(RECORDS * 2);
    await expect.poll(asked).toEqual(dueRequests);
    expect(isAnswered).toBe(false);
    release();
    expect(await invoking).toEqual({ batchItemFailures: [] });
    expect(asked()).toEqual(dueRequests);
    expect(failuresOfTasks()).toEqual([]);
    expect(sqs.client.pendingCount).toBe(0);
  });

  test('the invocation ends at the budget when nothing of it is answered, and leaves it due', async () => {
    const release = holdDueAnswers();
    passWallClock(ms);
    expect(await sqs.invoke(newEvent(RECORDS))).toEqual({ batchItemFailures: [] });
    expect(cluster.messages(TOPIC)).toHaveLength(RECORDS * 2);
    expect(sqs.client.pendingCount).toBe(0);
    const failed = failuresOfTasks();
    expect(failed).toContain('updateTopicRouteInfoFromNameServer');
    expect(failed.includes('fetchNameServerAddr')).toBe(lookups > 0);
    release();
    // Due again, but not at once: an invocation a second must not try a dead server each time.
    const before = asked();
    expect(await sqs.invoke(newEvent(RECORDS))).toEqual({ batchItemFailures: [] });
    expect(asked().routes).toBe(before.routes);
    passWallClock(5_000);
    expect(await sqs.invoke(newEvent(RECORDS))).toEqual({ batchItemFailures: [] });
    expect(asked().routes).toBe(before.routes + 1);
    expect(failuresOfTasks()).toEqual([]);
  });
});

test('a clock that went back makes the work due rather than never', async () => {
  passWallClock(-3_600_000);
  await sqs.invoke(newEvent(RECORDS));
  expect(asked()).toEqual({ sends: RECORDS * 2, heartbeats: 2, routes: 2, lookups: 2 });
});
