import { InvokeStore, InvokeStoreBase } from '@aws/lambda-invoke-store';
import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { localSources } from '../../local/run/local-sources.ts';
import { withFreshIds } from '../../local/run/sample-events.ts';
import { sample, TOPIC } from './bundled-function.ts';
import { metricLinesOf } from './invocation/metric-lines.ts';

type Handler = (event: unknown, context: Context) => Promise<unknown>;
type HandlerModule = { readonly handler: unknown };

/** Every source that sends, and an event of it with so many records. */
const sources: Readonly<Record<string, { load(): Promise<HandlerModule>; eventOf(count: number): unknown }>> = {
  sqs: { load: () => import('../../functions/sqs/handler.ts'), eventOf: recordsEvent('sqs', 'standard') },
  kinesis: { load: () => import('../../functions/kinesis/handler.ts'), eventOf: recordsEvent('kinesis', 'plain') },
  dynamodb: { load: () => import('../../functions/dynamodb/handler.ts'), eventOf: recordsEvent('dynamodb', 'plain') },
  kafka: { load: () => import('../../functions/kafka/handler.ts'), eventOf: kafkaEvent },
  sns: { load: () => import('../../functions/sns/handler.ts'), eventOf: recordsEvent('sns', 'plain') },
  eventbridge: {
    load: () => import('../../functions/eventbridge/handler.ts'),
    eventOf: (count) => fresh('eventbridge', sample('eventbridge', 'plain'), count),
  },
  s3: { load: () => import('../../functions/s3/handler.ts'), eventOf: recordsEvent('s3', 'plain') },
  http: {
    load: () => import('../../functions/http/handler.ts'),
    eventOf: (count) => ({
      ...sample<object>('http', 'http-api'),
      body: JSON.stringify(Array(count).fill({ body: 'x' })),
    }),
  },
  direct: {
    load: () => import('../../functions/direct/handler.ts'),
    eventOf: (count) => fresh('direct', sample('direct', 'plain'), count),
  },
};

/** So many records with the same content, each with ids of its own. */
function fresh(source: string, record: unknown, count: number): unknown[] {
  const names = localSources[source]?.idFields ?? new Set<string>();
  return Array.from({ length: count }, () => withFreshIds(record, names));
}

function recordsEvent(source: string, name: string): (count: number) => unknown {
  const { Records } = sample<{ Records: unknown[] }>(source, name);
  return (count) => ({ Records: fresh(source, Records[0], count) });
}

function kafkaEvent(count: number): unknown {
  const event = sample<{ records: Record<string, unknown[]> }>('kafka', 'plain');
  const [[partition, [first]] = ['', []]] = Object.entries(event.records);
  return { ...event, records: { [partition]: fresh('kafka', first, count) } };
}

const INVOCATIONS = 8;
/** The one that has no time left: what it does not begin must be reported by it alone. */
const LATE = 3;

const traceOf = (invocation: number) => `Root=1-of-${invocation}`;

function contextOf(invocation: number): Context {
  return {
    awsRequestId: `request-${invocation}`,
    getRemainingTimeInMillis: () => (invocation === LATE ? 400 : 20_000),
    xRayTraceId: traceOf(invocation),
  } as unknown as Context;
}

// What Lambda's own runtime does where it runs several invocations at once.
beforeAll(async () => {
  vi.stubEnv('AWS_LAMBDA_MAX_CONCURRENCY', String(INVOCATIONS));
  vi.stubEnv('ROCKETMQ_TOPIC', TOPIC);
  vi.stubEnv('ROCKETMQ_PRODUCER_GROUP', 'orders-lambda');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-of-nobody');
  await InvokeStore.getInstanceAsync(true);
});

afterEach(() => {
  vi.resetModules();
});

afterAll(() => {
  vi.unstubAllEnvs();
});

/** Runs a handler as the runtime does, within the store of its invocation. */
async function invoke(handler: Handler, event: unknown, context: Context): Promise<InvocationResult> {
  const store = await InvokeStore.getInstanceAsync(true);
  const { REQUEST_ID, X_RAY_TRACE_ID } = InvokeStoreBase.PROTECTED_KEYS;
  const { awsRequestId, xRayTraceId } = context as Context & { readonly xRayTraceId: string };
  const outcome = await store.run({ [REQUEST_ID]: awsRequestId, [X_RAY_TRACE_ID]: xRayTraceId }, () =>
    handler(event, context).then(
      (payload) => ({ status: 'ok', payload }),
      (error: Error) => ({ status: 'error', errorType: error.name, errorMessage: error.message }),
    ),
  );
  return outcome as unknown as InvocationResult;
}

describe('eight invocations at once in one process share one client, and none sees records, deadline, metrics or trace of another, of', () => {
  test.each(Object.entries(sources))('%s', async (source, { load, eventOf }) => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
    vi.stubEnv('ROCKETMQ_NAME_SERVERS', cluster.nameServerAddrs.join(';'));
    const handler = (await load()).handler as Handler;
    const { warmClient } = await import('../../functions/invocation/warm-client.ts');
    const local = localSources[source];
    const release = Promise.withResolvers<void>();
    const hold = cluster.broker().faults.add({ kind: 'delay', until: release.promise });

    const events = Array.from({ length: INVOCATIONS }, (_, index) => eventOf(index + 1));
    let results: InvocationResult[] = [];
    const lines = await metricLinesOf(async () => {
      const running = events.map((event, index) => invoke(handler, event, contextOf(index)));
      // No broker has answered yet, so that none of them is over.
      await cluster.broker().requests.arrived(RequestCode.SEND_MESSAGE_V2, 1);
      hold.remove();
      release.resolve();
      results = await Promise.all(running);
    });

    const stored = cluster.messages(TOPIC);
    for (const [index, result] of results.entries()) {
      const outcome = local?.outcome(events[index], result);
      const [accepted = [], reported = []] = [outcome?.accepted, outcome?.reported];
      expect({ index, accepted: accepted.length }).toEqual({ index, accepted: index === LATE ? 0 : index + 1 });
      expect(reported.length > 0).toBe(index === LATE);
      const own = stored.filter(
        ({ properties }) =>
          accepted.includes(properties['aws.id'] ?? '') || accepted.includes(properties.UNIQ_KEY ?? ''),
      );
      expect(own).toHaveLength(accepted.length);
      // A request over HTTP has its trace in a header.
      const trace = source === 'http' ? sample<{ headers: object }>('http', 'http-api').headers : {};
      for (const { properties } of own) {
        expect(properties['aws.traceId']).toBe(Reflect.get(trace, 'x-amzn-trace-id') ?? traceOf(index));
      }
    }
    const counts = (name: string) => lines.map((line) => Number(line[name])).toSorted((a, b) => a - b);
    expect(counts('MessagesSent')).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
    expect(counts('MessagesNotSent')).toEqual([0, 0, 0, 0, 0, 0, 0, LATE + 1]);
    expect(stored).toHaveLength(32);
    expect([cluster.nameServer().connections.total, cluster.broker().connections.total]).toEqual([1, 1]);
    const { client } = warmClient();
    expect(client.pendingCount).toBe(0);
    await client.shutdown();
  });
});
