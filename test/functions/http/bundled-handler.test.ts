import { readdir, readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../../functions/http/http-response.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { InvocationResult } from '../../../local/lambda/invocation-result.ts';
import { bundledFunction, type StartedFunction } from '../bundled-function.ts';
import { requestEvent, type SampleEvent, sampleEvent } from './sample-event.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;

const bundled = bundledFunction('http');
const bundle = bundled.report;
afterAll(() => bundled[Symbol.dispose]());

interface Started extends StartedFunction {
  /** What the function answers, its body out of JSON, and what the invocation was. */
  request(event: SampleEvent): Promise<{ response: HttpResponse; body: AnswerBody; result: InvocationResult }>;
}

interface Stored {
  readonly msgId: string;
  readonly queue: { readonly brokerName: string; readonly queueId: number };
  readonly queueOffset: number;
}

interface AnswerBody extends Stored, Record<string, unknown> {
  readonly results: readonly (Stored & { readonly status: number })[];
}

/** The function on a cluster of two brokers. */
async function start(
  environment: Record<string, string> = {},
  options: { readonly timeoutMs?: number } = {},
): Promise<Started> {
  const started = await bundled.start(environment, { ...options, otherTopics: ['invoices'] });
  return {
    ...started,
    async request(event) {
      const result = await started.host.invoke(event);
      if (result.status !== 'ok') throw new Error(`${result.errorType}: ${result.errorMessage}`);
      expect(result.leftBehind).not.toContain('Timeout');
      const response = result.payload as HttpResponse;
      expect(response.isBase64Encoded).toBe(false);
      return { response, body: JSON.parse(response.body), result };
    },
  };
}

function bodiesOf(stored: readonly StoredMessage[]): string[] {
  return stored.map(({ body }) => body.toString());
}

test('every sample event has a test here', async () => {
  const files = await readdir(new URL('../../../events/http/', import.meta.url));
  const source = await readFile(new URL(import.meta.url), 'utf8');
  expect(files.filter((file) => !source.includes(`'${file.replace('.json', '')}'`))).toEqual([]);
});

describe('the bundle', () => {
  test('reads less than 200 kB at a cold start, and neither the AWS SDK nor the document', () => {
    expect(bundle.eagerBytes).toBeLessThan(200_000);
    const eager = bundle.eagerPackages.map(({ name }) => name);
    expect(eager).not.toContain('@aws-sdk/client-ssm');
    expect(eager).not.toContain('docs');
    expect(bundle.warnings).toEqual([]);
  });

  test('holds no code of another source', () => {
    const own = [...bundle.eagerPackages, ...bundle.lazyPackages].map(({ name }) => name);
    expect([...new Set(own.filter((name) => name.startsWith('functions/')))].toSorted()).toEqual([
      'functions/delivery',
      'functions/http',
      'functions/invocation',
      'functions/mapping',
      'functions/rocketmq',
    ]);
  });
});

describe('one message', () => {
  test.each(['http-api', 'function-url-base64', 'rest-api-multi-value-headers', 'alb'])(
    'of %s.json is stored, and its id, queue and offset answered',
    async (name) => {
      await using started = await start();
      const event = sampleEvent(name);
      const { response, body, result } = await started.request(event);
      expect(result.cold).toBe(true);
      expect(response).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
      const [message, ...more] = await started.readBack();
      expect(more).toEqual([]);
      const requested = JSON.parse(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString());
      expect(message?.body).toEqual(
        Buffer.from(requested.bodyBase64 ?? requested.body, requested.body ? 'utf8' : 'base64'),
      );
      expect(message?.properties).toMatchObject({
        ...requested.properties,
        UNIQ_KEY: body.msgId,
        'aws.source': 'http',
      });
      expect(message).toMatchObject({ queueId: body.queue.queueId, queueOffset: BigInt(body.queueOffset) });
      expect(message?.properties.TAGS).toBe(requested.tag);
      expect(message?.properties.__SHARDINGKEY).toBe(requested.shardingKey);
    },
  );

  test('sent again under its Idempotency-Key is stored under the same id', async () => {
    await using started = await start();
    const event = sampleEvent('function-url-base64');
    const first = await started.request(event);
    const second = await started.request(event);
    expect(second.result.cold).toBe(false);
    expect(second.body.msgId).toBe(first.body.msgId);
    expect((await started.readBack()).map(({ properties }) => properties.UNIQ_KEY)).toEqual(
      Array(2).fill(first.body.msgId),
    );
  });

  test('goes to the topic of its path', async () => {
    await using started = await start();
    const { body } = await started.request(requestEvent({ path: '/topics/invoices/messages', body: { body: 'x' } }));
    expect(body.topic).toBe('invoices');
    expect(bodiesOf(await started.readBack('invoices'))).toEqual(['x']);
  });
});

describe('a list', () => {
  test('of array.json is stored, in order within each key, and answered in its own order', async () => {
    await using started = await start();
    const event = sampleEvent('array');
    const requested: { body: string; shardingKey?: string }[] = JSON.parse(event.body ?? '');
    const { response, body } = await started.request(event);
    expect(response.statusCode).toBe(200);
    expect(body.results.map(({ status }) => status)).toEqual(requested.map(() => 200));
    const stored = await started.readBack();
    expect(stored).toHaveLength(requested.length);
    for (const [index, { msgId, queueOffset }] of body.results.entries()) {
      const message = stored.find(({ properties }) => properties.UNIQ_KEY === msgId);
      expect(message?.body.toString()).toBe(requested[index]?.body);
      expect(message?.queueOffset).toBe(BigInt(queueOffset));
    }
    for (const key of ['anna', 'bert', '顧客-3']) {
      const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === key);
      expect(bodiesOf(ofKey)).toEqual([0, 1, 2].map((n) => `${key}-${n}`));
    }
  });

  test('of alb-multi-value-headers.json is answered with headers of the same kind', async () => {
    await using started = await start();
    const { response, body } = await started.request(sampleEvent('alb-multi-value-headers'));
    expect(response).toMatchObject({
      statusCode: 200,
      statusDescription: '200 OK',
      multiValueHeaders: { 'content-type': ['application/json'] },
    });
    expect(response).not.toHaveProperty('headers');
    expect(body.results[1]?.msgId).toBe('7F000001000118B4AAC2000000000001');
    expect(await started.readBack()).toHaveLength(2);
  });

  test('of array-empty.json is nothing to do', async () => {
    await using started = await start();
    const { response, body } = await started.request(sampleEvent('array-empty'));
    expect([response.statusCode, body]).toEqual([200, { results: [] }]);
    expect(started.cluster.nameServer().connections.total).toBe(0);
  });

  test('of array-poison.json has the result of each: stored, refused, and held back for its order', async () => {
    await using started = await start();
    const isPoison = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString() === 'poison';
    for (const { faults } of started.cluster.brokers) {
      faults.add({ kind: 'answer', code: 13, remark: 'poison', codes: [SEND], when: isPoison });
    }
    const { response, body } = await started.request(sampleEvent('array-poison'));
    expect(response.statusCode).toBe(207);
    expect(body.results).toMatchObject([
      { status: 200 },
      { status: 422, code: 'message-illegal', outcome: 'refused' },
      { status: 424, code: 'order-blocked', outcome: 'notSent' },
      { status: 200 },
    ]);
    expect(bodiesOf(await started.readBack()).toSorted()).toEqual(['anna-0', 'bert-0']);
    // Sent again under their own ids when the cluster takes them, they are what they were.
    for (const { faults } of started.cluster.brokers) faults.clear();
    const failed = [1, 2].map((index) => ({ body: `again ${index}`, msgId: body.results[index]?.msgId }));
    const again = await started.request(requestEvent({ body: failed }));
    expect(again.body.results.map(({ msgId }) => msgId)).toEqual(failed.map(({ msgId }) => msgId));
  });
});

describe('a request at fault', () => {
  test.each([
    ['poison', 422, 'invalid-message'],
    ['malformed', 400, 'malformed-body'],
  ])('as %s.json is answered with %d, and nothing is sent', async (name, status, code) => {
    await using started = await start();
    const { response, body } = await started.request(sampleEvent(name));
    expect(response).toMatchObject({
      statusCode: status,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(body).toMatchObject({ status, code });
    expect(started.cluster.nameServer().connections.total).toBe(0);
    expect(await started.readBack()).toEqual([]);
  });

  test('by a topic that does not exist is answered with 404', async () => {
    await using started = await start();
    const { response, body } = await started.request(
      requestEvent({ path: '/topics/nowhere/messages', body: { body: 'x' } }),
    );
    expect([response.statusCode, body.code]).toEqual([404, 'unknown-topic']);
  });

  test('because it is no HTTP event at all fails the invocation, and the next one succeeds', async () => {
    await using started = await start();
    expect(await started.host.invoke({ Records: [] })).toMatchObject({ status: 'error', errorType: 'ROCKETMQ_EVENT' });
    expect((await started.request(sampleEvent('http-api'))).response.statusCode).toBe(200);
  });
});

test('openapi-document.json is answered with the document, without a connection', async () => {
  await using started = await start();
  const { response, body } = await started.request(sampleEvent('openapi-document'));
  expect(response).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
  const file = await readFile(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
  expect(body).toEqual(JSON.parse(file));
  expect(started.cluster.nameServer().connections.total).toBe(0);
});

describe('a cluster that fails', () => {
  test.each([
    ['is busy', 2, 429, 'flow-control', '1'],
    ['is in flow control', 215, 429, 'flow-control', '1'],
    ['is shutting down', 14, 503, 'cluster-refused', '5'],
  ])('because it %s is told by %d → %d, and the next request succeeds', async (_what, code, status, problem, after) => {
    await using started = await start();
    const remark = 'of /store at 10.9.8.7';
    for (const { faults } of started.cluster.brokers) faults.add({ kind: 'answer', code, remark, codes: [SEND] });
    const { response, body } = await started.request(sampleEvent('http-api'));
    expect(response).toMatchObject({ statusCode: status, headers: { 'retry-after': after } });
    expect(body).toMatchObject({ code: problem, outcome: 'refused' });
    expect(response.body).not.toMatch(/127\.0\.0\.1|10\.9\.8\.7|\bat\b.*:\d+/);
    for (const { faults } of started.cluster.brokers) faults.clear();
    expect((await started.request(sampleEvent('http-api'))).response.statusCode).toBe(200);
  });

  test('because it does not answer is told as unknown before the time is up, with the id to send again', async () => {
    await using started = await start({}, { timeoutMs: 2_500 });
    for (const { faults } of started.cluster.brokers) faults.add({ kind: 'no-answer', isStored: true });
    const { response, body } = await started.request(sampleEvent('http-api'));
    expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': '5' } });
    expect(body).toMatchObject({ code: 'outcome-unknown', outcome: 'unknown' });
    for (const { faults } of started.cluster.brokers) faults.clear();
    const ids = (await started.readBack()).map(({ properties }) => properties.UNIQ_KEY);
    expect(new Set(ids)).toEqual(new Set([body.msgId]));
  });

  test('because it is not there is told with nothing of the inside, which the log has', async () => {
    await using started = await start({ ROCKETMQ_NAME_SERVERS: '127.0.0.1:1' });
    const { response, body, result } = await started.request(sampleEvent('alb'));
    expect(response).toMatchObject({ statusCode: 503, statusDescription: '503 Service Unavailable' });
    expect(body).toMatchObject({ code: 'cluster-unavailable', outcome: 'notSent' });
    expect(response.body).not.toContain('127.0.0.1');
    expect(result.log.join('\n')).toContain('cannot connect to 127.0.0.1:1');
  });
});
