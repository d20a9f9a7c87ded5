import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { startTcpProxy } from '../../local/faults/tcp-proxy.ts';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import type { LambdaHost } from '../../local/lambda/lambda-host.ts';
import { type SsmEndpoint, startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { buildFunction, dueWorkOf, failuresOf, PARAMETER, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent } from './sqs-events.ts';

const TOPIC = 'left-behind';
const RECORDS = 5;
/** Little more than the reserve that is kept for the answer. */
const NEAR_DEADLINE_MS = 900;
const { GET_ROUTEINFO_BY_TOPIC, SEND_MESSAGE_V2 } = RequestCode;

const built = buildFunction('sqs');
afterAll(() => built[Symbol.dispose]());

let cluster: EmbeddedCluster;
let ssm: SsmEndpoint;
let host: LambdaHost;

beforeEach(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
  ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: cluster.nameServerAddrs.join(';') } });
  host = startFunction(built, { topic: TOPIC, ssmUrl: ssm.url });
});
afterEach(async () => {
  await host.stop();
  await Promise.all([cluster.stop(), ssm.stop()]);
});

/** Every record was reported, in time, and the event loop was empty when the answer was given. */
function expectAllReported(result: InvocationResult): void {
  expect(reportedBy(result)).toHaveLength(RECORDS);
  expect(result.leftBehind).toEqual([]);
}

describe('the event loop is empty when the answer is given', () => {
  test('in a cold invocation and in warm ones', async () => {
    for (let invocation = 0; invocation < 4; invocation++) {
      const result = await host.invoke(newEvent(RECORDS));
      expect(reportedBy(result)).toEqual([]);
      expect(result).toMatchObject({ cold: invocation === 0, leftBehind: [] });
      expect(dueWorkOf(result)).toEqual([]);
    }
    expect(ssm.calls).toHaveLength(1);
    expect(cluster.nameServer().requests.count(GET_ROUTEINFO_BY_TOPIC)).toBe(1);
  });

  test('when SSM refuses the connection', async () => {
    await ssm.stop();
    expectAllReported(await host.invoke(newEvent(RECORDS)));
  });

  test('when the broker refuses, and in the invocation after it', async () => {
    cluster.broker().sendRefusal = 2;
    expectAllReported(await host.invoke(newEvent(RECORDS)));
    cluster.broker().sendRefusal = undefined;
    const result = await host.invoke(newEvent(RECORDS));
    expect(reportedBy(result)).toEqual([]);
    expect(result.leftBehind).toEqual([]);
  });

  test('when the broker is gone', async () => {
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
    await cluster.broker().stop('RST');
    const result = await host.invoke(newEvent(RECORDS));
    expectAllReported(result);
    expect(new Set(failuresOf(result).map(({ outcome }) => outcome))).toEqual(new Set(['notSent']));
  });

  test('when the event is none of SQS, and the whole invocation fails', async () => {
    const result = await host.invoke({ detail: 'of another source' });
    expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_EVENT', leftBehind: [] });
  });

  test('when the environment is at fault, naming every variable', async () => {
    await using faulty = startFunction(built, {
      topic: 'no good',
      environment: { ROCKETMQ_PRODUCER_GROUP: '', ROCKETMQ_SEND_TIMEOUT_MS: 'soon' },
    });
    const result = await faulty.invoke(newEvent(RECORDS));
    expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_OPTIONS', leftBehind: [] });
    const { errorMessage = '' } = result as { errorMessage?: string };
    for (const part of [
      'ROCKETMQ_TOPIC',
      'ROCKETMQ_PRODUCER_GROUP',
      'ROCKETMQ_SEND_TIMEOUT_MS',
      'ROCKETMQ_NAME_SERVERS',
    ]) {
      expect(errorMessage).toContain(part);
    }
  });
});

describe('near its deadline the function answers in time, reports, and leaves nothing behind', () => {
  const invokeNearDeadline = () => host.invoke(newEvent(RECORDS), { timeoutMs: NEAR_DEADLINE_MS });

  test('when the broker does not answer', async () => {
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
    cluster.broker().faults.add({ kind: 'no-answer', isStored: true, codes: [SEND_MESSAGE_V2] });
    const result = await invokeNearDeadline();
    expectAllReported(result);
    expect(failuresOf(result)[0]).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', outcome: 'unknown' });
  });

  test('when nothing comes back from the broker but a connection', async () => {
    await using proxy = await startTcpProxy({ target: cluster.broker().addr, fault: { kind: 'blackHole' } });
    cluster.broker().advertisedAddr = proxy.addr;
    expectAllReported(await invokeNearDeadline());
  });

  test('when no name server answers', async () => {
    cluster.nameServer().faults.add({ kind: 'no-answer', isStored: false });
    const result = await invokeNearDeadline();
    expectAllReported(result);
    expect(failuresOf(result)[0]).toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER', outcome: 'notSent' });
  });

  test('when SSM does not answer', async () => {
    ssm.fail('hang');
    const result = await invokeNearDeadline();
    expectAllReported(result);
    expect(failuresOf(result)[0]).toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER', outcome: 'notSent' });
  });

  test('when so little time is left that no record is begun', async () => {
    expect(reportedBy(await host.invoke(newEvent(RECORDS)))).toEqual([]);
    const sendsBefore = cluster.broker().requests.count(SEND_MESSAGE_V2);
    const result = await host.invoke(newEvent(RECORDS), { timeoutMs: 520 });
    expectAllReported(result);
    expect(failuresOf(result)[0]).toMatchObject({ code: 'ROCKETMQ_DEADLINE', outcome: 'notSent' });
    expect(cluster.broker().requests.count(SEND_MESSAGE_V2)).toBe(sendsBefore);
  });
});
