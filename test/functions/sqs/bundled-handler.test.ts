import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { bundleFunction } from '../../../infra/bundling.ts';
import type { InvocationResult } from '../../../local/lambda/invocation-result.ts';
import { startLambdaHost } from '../../../local/lambda/lambda-host.ts';
import { startSsmEndpoint } from '../../../local/ssm/ssm-endpoint.ts';
import { type BundledFunction, bundledFunction } from '../bundled-function.ts';
import { sampleEvent } from './sample-event.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const PARAMETER = '/rocketmq/name-servers';

let sqs: BundledFunction;

beforeAll(() => {
  sqs = bundledFunction('sqs');
});

afterAll(() => sqs[Symbol.dispose]());

/** The function on a cluster of two brokers, with the name servers as seed. */
const start: BundledFunction['start'] = (environment, overrides) => sqs.start(environment, overrides);

function answer(...failed: readonly (SQSRecord | undefined)[]) {
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record?.messageId })) };
}

/** JSON lines of an invocation's log. */
function logged(result: InvocationResult): Record<string, unknown>[] {
  return result.log.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

function metricsOf(result: InvocationResult): Record<string, unknown>[] {
  return logged(result).filter((line) => '_aws' in line);
}

function bodiesOf(stored: readonly StoredMessage[]): string[] {
  return stored.map(({ body }) => body.toString());
}

test('every sample event has a test here', async () => {
  const files = await readdir(new URL('../../../events/sqs/', import.meta.url));
  expect(files.toSorted()).toEqual([
    'attributes-binary.json',
    'empty.json',
    'eventbridge-in-sqs.json',
    'fifo-poison.json',
    'fifo-three-groups.json',
    'poison.json',
    's3-in-sns-in-sqs.json',
    'sns-in-sqs.json',
    'standard-message-groups.json',
    'standard.json',
  ]);
});

describe('the bundle', () => {
  test('reads less than 200 kB at a cold start, and the AWS SDK only on demand', () => {
    expect(sqs.report.eagerBytes).toBeLessThan(200_000);
    expect(sqs.report.eagerPackages.map(({ name }) => name)).not.toContain('@aws-sdk/client-ssm');
    expect(sqs.report.lazyPackages.map(({ name }) => name)).toContain('@aws-sdk/client-ssm');
    expect(sqs.report.warnings).toEqual([]);
  });

  test('loads the SSM client in INIT where the first invocation will ask SSM, and there alone', async () => {
    const isLoaded = async (environment: Readonly<Record<string, string>>) => {
      // The SDK needs HTTPS, and nothing else does. Loading it goes on by itself after the import.
      const script = `
        await import('${sqs.report.entryFile}');
        const isLoaded = () => process.moduleLoadList.includes('NativeModule https');
        for (let turn = 0; turn < 10_000 && !isLoaded(); turn++) await new Promise(setImmediate);
        console.log(isLoaded());`;
      const env = { ...environment, PATH: process.env.PATH };
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env });
      return JSON.parse(stdout);
    };
    expect(await isLoaded({ ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER })).toBe(true);
    expect(await isLoaded({ ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER, ROCKETMQ_NAME_SERVERS: 'a:9876' })).toBe(false);
  });

  test('holds no code of another source', () => {
    const own = [...sqs.report.eagerPackages, ...sqs.report.lazyPackages].map(({ name }) => name);
    expect([...new Set(own.filter((name) => name.startsWith('functions/')))].toSorted()).toEqual([
      'functions/delivery',
      'functions/invocation',
      'functions/mapping',
      'functions/rocketmq',
      'functions/sqs',
    ]);
  });
});

describe('a standard queue', () => {
  test.each([
    'standard',
    'standard-message-groups',
    'attributes-binary',
    'sns-in-sqs',
    'eventbridge-in-sqs',
    's3-in-sns-in-sqs',
  ])('with %s.json: every record is stored with its body, key and attributes', async (name) => {
    await using started = await start();
    const { Records } = sampleEvent(name);
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(), cold: true });
    expect(result.leftBehind).not.toContain('Timeout');
    const stored = await started.readBack();
    expect(stored).toHaveLength(Records.length);
    for (const { messageId, body, messageAttributes } of Records) {
      const message = stored.find(({ properties }) => properties.KEYS === messageId);
      expect(message?.body.toString()).toBe(body);
      expect(message?.properties).not.toHaveProperty('__SHARDINGKEY');
      for (const [attribute, { stringValue, binaryValue }] of Object.entries(messageAttributes)) {
        const property = ['KEYS', 'TAGS'].includes(attribute) ? `aws.${attribute}` : attribute;
        expect(message?.properties[property]).toBe(stringValue ?? binaryValue);
      }
    }
  });

  test('with empty.json there is nothing to do and nothing to report', async () => {
    await using started = await start();
    const result = await started.host.invoke(sampleEvent('empty'));
    expect(result).toMatchObject({ status: 'ok', payload: answer() });
    expect(started.cluster.nameServer().connections.total).toBe(0);
    expect(result.leftBehind).not.toContain('Timeout');
  });

  test('with poison.json the poisoned record alone is reported, each time, and named in the log', async () => {
    await using started = await start();
    const event = sampleEvent('poison');
    const poison = event.Records[1];
    for (let deliveries = 0; deliveries < 2; deliveries++) {
      const result = await started.host.invoke(event);
      expect(result).toMatchObject({ status: 'ok', payload: answer(poison) });
      expect(logged(result).filter(({ level }) => level === 'ERROR')).toMatchObject([
        {
          message: 'a record was not stored',
          recordId: poison?.messageId,
          code: 'ROCKETMQ_MESSAGE_ILLEGAL',
          retryable: false,
          outcome: 'notSent',
          function_request_id: result.requestId,
        },
      ]);
    }
    expect(new Set(bodiesOf(await started.readBack()))).toEqual(
      new Set(['{"orderId":"o-2001"}', '{"orderId":"o-2003"}']),
    );
  });

  test('that delivers again gets nothing stored again, in the invocation that says so', async () => {
    await using started = await start();
    const event = sampleEvent('standard');
    const again = (ApproximateReceiveCount: string): SQSEvent => ({
      Records: event.Records.map((record) => ({
        ...record,
        attributes: { ...record.attributes, ApproximateReceiveCount },
      })),
    });
    expect(await started.host.invoke(again('1'))).toMatchObject({ cold: true, payload: answer() });
    const result = await started.host.invoke(again('2'));
    expect(result).toMatchObject({ cold: false, payload: answer() });
    expect(metricsOf(result)).toMatchObject([{ MessagesSent: 0, RecordsDeduplicated: 5 }]);
    const ids = (await started.readBack()).map(({ properties }) => properties.UNIQ_KEY);
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
  });

  test('that delivers again gets the same message ids stored again, where nobody is asked', async () => {
    await using started = await start({ ROCKETMQ_DEDUPLICATE: 'off' });
    const event = sampleEvent('standard');
    expect(await started.host.invoke(event)).toMatchObject({ cold: true, payload: answer() });
    expect(await started.host.invoke(event)).toMatchObject({ cold: false, payload: answer() });
    const ids = (await started.readBack()).map(({ properties }) => properties.UNIQ_KEY);
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(5);
  });
});

describe('a FIFO queue', () => {
  test('with fifo-three-groups.json keeps each group in its order, in one queue', async () => {
    await using started = await start();
    const event = sampleEvent('fifo-three-groups');
    expect(await started.host.invoke(event)).toMatchObject({ status: 'ok', payload: answer() });
    const stored = await started.readBack();
    for (const group of ['anna', 'bert', '顧客-3']) {
      const ofGroup = stored.filter(({ properties }) => properties.__SHARDINGKEY === group);
      const records = event.Records.filter(({ attributes }) => attributes.MessageGroupId === group);
      expect(bodiesOf(ofGroup)).toEqual(records.map(({ body }) => body));
      expect(new Set(ofGroup.map(({ queueId, storeHost }) => `${storeHost.port} ${queueId}`)).size).toBe(1);
    }
  });

  test('with fifo-poison.json reports the poisoned record and what comes after it in its group', async () => {
    await using started = await start();
    const { Records } = sampleEvent('fifo-poison');
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(Records[2], Records[4]) });
    const stored = bodiesOf(await started.readBack());
    expect(stored.toSorted()).toEqual([Records[0], Records[1], Records[3]].map((record) => record?.body).toSorted());
  });

  test('has a failed group reported from the failed record on, while the others are stored', async () => {
    await using started = await start();
    const { Records } = sampleEvent('fifo-three-groups');
    const isSecondOfBert = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body) === Records[5]?.body;
    for (const broker of started.cluster.brokers) {
      broker.faults.add({ kind: 'answer', code: 13, codes: [SEND], when: isSecondOfBert });
    }
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(Records[5], Records[7]) });
    expect(await started.readBack()).toHaveLength(8);
  });
});

describe('an event that is none of SQS', () => {
  test.each([
    [{}, 'Records of the event must be a list, but is undefined'],
    [{ Records: [{}] }, 'Records[0].messageId of the event must be a string, but is undefined'],
  ])('fails the invocation: %j', async (event, errorMessage) => {
    await using started = await start();
    const result = await started.host.invoke(event);
    expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_EVENT', errorMessage });
    expect(result.leftBehind).not.toContain('Timeout');
    expect(await started.host.invoke(sampleEvent('standard'))).toMatchObject({ status: 'ok', cold: false });
  });

  test('because of a record without a body has that record reported alone', async () => {
    await using started = await start();
    const { Records } = sampleEvent('standard');
    const { body: _, ...bodyless } = Records[1] as SQSRecord;
    const event = { Records: [Records[0], bodyless, Records[2]] } as SQSEvent;
    expect(await started.host.invoke(event)).toMatchObject({ status: 'ok', payload: answer(Records[1]) });
    expect(await started.readBack()).toHaveLength(2);
  });
});

describe('a cluster that fails', () => {
  test('by refusing has every record reported, and the next invocation succeeds', async () => {
    await using started = await start();
    const { Records } = sampleEvent('standard');
    const faults = started.cluster.brokers.map((broker) =>
      broker.faults.add({ kind: 'answer', code: 2, codes: [SEND] }),
    );
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(...Records) });
    expect(metricsOf(result)).toMatchObject([{ MessagesSent: 0, MessagesRefused: 5, Attempts: 15 }]);
    for (const fault of faults) fault.remove();
    expect(await started.host.invoke({ Records })).toMatchObject({ status: 'ok', payload: answer() });
  });

  test('by not answering has every record reported before the time limit of the function', async () => {
    await using started = await start({}, { timeoutMs: 2_500 });
    const { Records } = sampleEvent('standard');
    for (const broker of started.cluster.brokers) broker.faults.add({ kind: 'no-answer', isStored: false });
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(...Records) });
    expect(metricsOf(result)).toMatchObject([{ MessagesSent: 0, MessagesUnknown: 5 }]);
    expect(result.leftBehind).not.toContain('Timeout');
  });

  test('by not being there has every record reported, with what to look at', async () => {
    await using started = await start({ ROCKETMQ_NAME_SERVERS: '127.0.0.1:1' });
    const { Records } = sampleEvent('fifo-three-groups');
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(...Records) });
    expect(logged(result).find(({ code }) => code === 'ROCKETMQ_NO_NAME_SERVER')).toMatchObject({
      reason: expect.stringContaining('cannot connect to 127.0.0.1:1: connection refused'),
    });
  });
});

describe('the environment', () => {
  test('that lacks variables fails each invocation with all faults at once', async () => {
    await using host = startLambdaHost({
      taskRoot: sqs.taskRoot,
      timeoutMs: 5_000,
      environment: { ROCKETMQ_SEND_TIMEOUT_MS: 'soon' },
    });
    for (let invocations = 0; invocations < 2; invocations++) {
      const result = await host.invoke(sampleEvent('standard'));
      expect(result).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_OPTIONS', cold: invocations === 0 });
      const message = result.status === 'error' ? result.errorMessage : '';
      for (const fault of [
        'ROCKETMQ_TOPIC is missing',
        'ROCKETMQ_PRODUCER_GROUP is missing',
        'ROCKETMQ_NAME_SERVER_PARAMETER and ROCKETMQ_NAME_SERVERS are both missing',
        'ROCKETMQ_SEND_TIMEOUT_MS is "soon"',
      ]) {
        expect(message).toContain(fault);
      }
    }
  });

  test('with a parameter and no seed has the name servers looked up once, by one GetParameters', async () => {
    await using ssm = await startSsmEndpoint();
    await using started = await start({
      ROCKETMQ_NAME_SERVERS: '',
      ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER,
      AWS_ENDPOINT_URL_SSM: ssm.url,
    });
    ssm.set(PARAMETER, started.cluster.nameServerAddrs.join(';'));
    const first = await started.host.invoke(sampleEvent('standard'));
    expect(first).toMatchObject({ status: 'ok', payload: answer() });
    expect(first.leftBehind).not.toContain('Timeout');
    expect(await started.host.invoke(sampleEvent('standard'))).toMatchObject({ status: 'ok', payload: answer() });
    expect(ssm.calls).toMatchObject([{ action: 'GetParameters', names: [PARAMETER], withDecryption: true }]);
    expect(metricsOf(first)).toMatchObject([{ NameServerParameterAgeMs: expect.any(Number) }]);
  });

  test('with a parameter that SSM does not answer for has every record reported in seconds, with the cure', async () => {
    await using ssm = await startSsmEndpoint();
    ssm.fail('hang');
    const environment = { ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER, AWS_ENDPOINT_URL_SSM: ssm.url };
    await using started = await start({ ...environment, ROCKETMQ_NAME_SERVERS: '' });
    const { Records } = sampleEvent('standard');
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: answer(...Records) });
    expect(logged(result).filter(({ code }) => code === 'ROCKETMQ_NO_NAME_SERVER')).toHaveLength(Records.length);
    expect(JSON.stringify(logged(result))).toContain('by an interface endpoint for ssm or a NAT gateway');
    expect(result.leftBehind).not.toContain('Timeout');
  });

  test('with a fresh seed beside the parameter has SSM not asked', async () => {
    await using ssm = await startSsmEndpoint();
    const environment = { ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER, AWS_ENDPOINT_URL_SSM: ssm.url };
    await using started = await start(environment);
    const result = await started.host.invoke(sampleEvent('standard'));
    expect(result).toMatchObject({ status: 'ok', payload: answer() });
    expect(ssm.calls).toEqual([]);
    expect(metricsOf(result)[0]).not.toHaveProperty('NameServerParameterAgeMs');
  });

  test('with a fresh seed beside the parameter does not even load the AWS SDK', async () => {
    const withoutSdk = await mkdtemp(join(tmpdir(), 'sqs-function-without-sdk-'));
    try {
      bundleFunction('sqs', withoutSdk);
      let removed = 0;
      for (const file of await readdir(withoutSdk)) {
        if (!file.endsWith('.mjs') || !(await readFile(join(withoutSdk, file), 'utf8')).includes('AmazonSSM')) continue;
        await rm(join(withoutSdk, file));
        removed++;
      }
      expect(removed).toBeGreaterThan(0);
      await using started = await start({ ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER }, { taskRoot: withoutSdk });
      const result = await started.host.invoke(sampleEvent('standard'));
      expect(result).toMatchObject({ status: 'ok', payload: answer() });
    } finally {
      await rm(withoutSdk, { recursive: true });
    }
  });
});

test('a warm invocation asks no name server and opens no connection, and its metrics say so', async () => {
  await using started = await start();
  const { cluster, host } = started;
  const cold = await host.invoke(sampleEvent('fifo-three-groups'));
  const asked = cluster.nameServer().requests.count();
  const connected = cluster.brokers.map(({ connections }) => connections.total);
  const warm = await host.invoke(sampleEvent('fifo-three-groups'));
  expect(cluster.nameServer().requests.count()).toBe(asked);
  expect(cluster.brokers.map(({ connections }) => connections.total)).toEqual(connected);
  const opened = 1 + connected.reduce((sum, count) => sum + count, 0);
  expect(metricsOf(cold)).toMatchObject([{ ColdStart: 1, MessagesSent: 10, Attempts: 10, ConnectionsOpened: opened }]);
  expect(metricsOf(warm)).toMatchObject([{ ColdStart: 0, MessagesSent: 10, Attempts: 10, ConnectionsOpened: 0 }]);
  for (const { leftBehind } of [cold, warm]) expect(leftBehind).not.toContain('Timeout');
});
