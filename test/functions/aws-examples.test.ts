import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { bundledFunction, sample } from './bundled-function.ts';

const FOLDER = new URL('../../events/aws/', import.meta.url);

interface Example {
  readonly source: string;
  readonly name: string;
}

function examples(): Example[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
  return files.toSorted().map((file) => {
    const [source = '', name = ''] = file.replace(/\.json$/, '').split('/');
    return { source, name };
  });
}

const namesOf = (source: string) => examples().flatMap((one) => (one.source === source ? [one.name] : []));
const event = (source: string, name: string): unknown => sample('aws', `${source}/${name}`);

/** By source and file: the ids of the records in it, as messages carry them. */
const recordIds: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  sqs: {
    fifo: ['11d6ee51-4cc7-4302-9e22-7cd8afdaadf5'],
    'message-attributes': ['MessageID_1'],
    standard: ['059f36b4-87a3-44ab-83d2-661975830a7d', '2e1424d4-f796-459a-8184-9c92662be6da'],
  },
  kinesis: {
    records: [
      'shardId-000000000006:49590338271490256608559692538361571095921575989136588898',
      'shardId-000000000006:49590338271490256608559692540925702759324208523137515618',
    ],
    'time-window': ['shardId-000000000006:49590338271490256608559692538361571095921575989136588898'],
  },
  dynamodb: {
    'old-and-new-images': ['f07f8ca4b0b26cb9c4e5e77e69f274ee', 'f07f8ca4b0b26cb9c4e5e77e42f274ee'],
    records: ['1', '2'],
    'time-window': ['1', '2', '3'],
  },
  kafka: {
    'binary-header': ['AWSKafkaTopic-0-0'],
    msk: ['mytopic-0-15'],
    'self-managed': ['mytopic-0-15'],
  },
  sns: { notification: ['95df01b4-ee98-5cb9-9903-4c221d41eb5e'] },
  eventbridge: {
    custom: ['fe8d3c65-xmpl-c5c3-2c87-81584709a377'],
    'ec2-state-change': ['6a7e8feb-b491-4cf7-a9f1-bf3703467718'],
    scheduled: ['cdc73f9d-aea9-11e3-9d5a-835b769c0d9c'],
  },
  s3: {
    put: ['b21b84d653bb07b05b1e6b33684dc11b#0C0F6F405D6ED209E1#ObjectCreated:Put'],
    'put-without-sequencer': [
      'HappyFace.jpg#1970-01-01T00:00:00.000Z#096fKKXTRTtl3on89fVO.nfljtsv6qko#ObjectCreated:Put',
    ],
  },
};

describe('an event as AWS publishes it is stored unmodified, every record of it, from', () => {
  test.each(Object.entries(recordIds))('%s', async (source, ofFiles) => {
    using bundled = bundledFunction(source);
    await using started = await bundled.start();
    for (const name of Object.keys(ofFiles)) {
      const result = await started.host.invoke(event(source, name));
      expect({ name, ...result }).toMatchObject({ name, status: 'ok' });
      const payload = result.status === 'ok' ? result.payload : undefined;
      if (['sqs', 'kinesis', 'dynamodb', 'kafka'].includes(source)) expect(payload).toEqual({ batchItemFailures: [] });
    }
    const stored = (await started.readBack()).map(({ properties }) => properties['aws.id']);
    expect(stored.toSorted()).toEqual(Object.values(ofFiles).flat().toSorted());
  });
});

interface HttpPayload {
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly headers?: object;
  readonly multiValueHeaders?: object;
  readonly body: string;
}

function httpPayload(result: InvocationResult): HttpPayload {
  if (result.status !== 'ok') throw new Error(JSON.stringify(result));
  return result.payload as HttpPayload;
}

/** The example with a request for this function in place of its own; all else stays as AWS has it. */
function asMessage(example: unknown): unknown {
  const copy = structuredClone(example) as Record<string, unknown> & {
    requestContext: { http?: { method: string } };
  };
  copy.body = '{"body":"x"}';
  if (copy.requestContext.http === undefined) Object.assign(copy, { httpMethod: 'POST', path: '/messages' });
  else {
    copy.rawPath = '/messages';
    copy.requestContext.http.method = 'POST';
  }
  return copy;
}

test('an HTTP request as AWS publishes it is answered in the form of its gateway: 404 for its path, 200 for a message', async () => {
  using bundled = bundledFunction('http');
  await using started = await bundled.start();
  for (const name of namesOf('http')) {
    const isAlb = name.startsWith('alb');
    const answered = {
      name,
      hasLine: isAlb,
      form: name === 'alb-multi-value-headers' ? 'multiValueHeaders' : 'headers',
    };
    for (const [request, status] of [
      [event('http', name), 404],
      [asMessage(event('http', name)), 200],
    ] as const) {
      const payload = httpPayload(await started.host.invoke(request));
      const form = payload.headers === undefined ? 'multiValueHeaders' : 'headers';
      const hasLine = payload.statusDescription?.startsWith(`${status} `) ?? false;
      expect({ name, form, hasLine, status: payload.statusCode }).toEqual({ ...answered, status });
      const body = JSON.parse(payload.body) as Record<string, unknown>;
      expect(body).toMatchObject(status === 200 ? { topic: 'orders' } : { status, code: 'unknown-path' });
    }
  }
  expect(await started.readBack()).toHaveLength(namesOf('http').length);
});

test('what a pipe passes on without an input template is refused by its first field, with what a message has', async () => {
  using bundled = bundledFunction('direct');
  await using started = await bundled.start();
  expect(await started.host.invoke(event('direct', 'pipe-from-sqs'))).toMatchObject({
    status: 'error',
    errorType: 'ROCKETMQ_EVENT',
    errorMessage: expect.stringMatching(/^\[0\]\.messageId of the event must be absent: a message has id, topic, body/),
  });
  expect(await started.readBack()).toEqual([]);
});

test('the function for schedules takes any of them, and sends none', async () => {
  using bundled = bundledFunction('schedule');
  await using started = await bundled.start();
  for (const name of namesOf('eventbridge')) {
    expect(await started.host.invoke(event('eventbridge', name))).toMatchObject({ status: 'ok' });
  }
  expect(await started.readBack()).toEqual([]);
});

test('every example is run here, and told of in events/aws/README.md', () => {
  const readme = readFileSync(new URL('README.md', FOLDER), 'utf8');
  const listed = [...readme.matchAll(/`([a-z0-9]+)\/([a-z0-9.-]+)\.json`/g)].map(([, source, name]) => ({
    source,
    name,
  }));
  const sorted = (all: readonly { source?: string | undefined; name?: string | undefined }[]) =>
    all.map(({ source, name }) => `${source}/${name}`).toSorted();
  expect(sorted(listed)).toEqual(sorted(examples()));
  const run = Object.entries(recordIds).flatMap(([source, files]) =>
    Object.keys(files).map((name) => ({ source, name })),
  );
  const others = examples().filter(({ source }) => ['http', 'direct'].includes(source));
  expect(sorted([...run, ...others])).toEqual(sorted(examples()));
});
