import { afterAll, describe, expect, test } from 'vitest';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { type ConcurrentAnswer, ManagedInstance } from '../../local/lambda/managed-instance.ts';
import { localSources, type RecordOutcome } from '../../local/run/local-sources.ts';
import { bundledFunction, sample, TOPIC } from './bundled-function.ts';
import { sendingSources, sizedEvent } from './sized-event.ts';

const INVOCATIONS = 8;
/** The one that has no time left: what it does not begin must be reported by it alone. */
const LATE = 3;

const traceOf = (invocation: number) => `Root=1-of-${invocation}`;

describe.each(sendingSources)('eight invocations of %s at once in one process', (source) => {
  const bundled = bundledFunction(source);
  afterAll(() => bundled[Symbol.dispose]());

  test('share one client, and none sees records, deadline, metrics or trace of another', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
    const environment = {
      ROCKETMQ_TOPIC: TOPIC,
      ROCKETMQ_PRODUCER_GROUP: 'orders-lambda',
      ROCKETMQ_NAME_SERVERS: cluster.nameServerAddrs.join(';'),
    };
    const { taskRoot } = bundled;
    const settings = {
      taskRoot,
      environment,
      handler: 'index.handler',
      functionName: source,
      memoryMb: 256,
      region: 'eu-west-1',
    };
    await using instance = await ManagedInstance.start(settings, INVOCATIONS);
    const release = Promise.withResolvers<void>();
    const hold = cluster.broker().faults.add({ kind: 'delay', until: release.promise });

    const events = Array.from({ length: INVOCATIONS }, (_, index) => ({
      event: sizedEvent(source, index + 1),
      timeoutMs: index === LATE ? 400 : 20_000,
      traceId: traceOf(index),
    }));
    // No broker answers before the last one has begun, so that none is over by then.
    const answers = await instance.invokeAtOnce(events, () => {
      hold.remove();
      release.resolve();
    });

    const stored = cluster.messages(TOPIC);
    for (const [index, answer] of answers.entries()) {
      const outcome = outcomeOf(source, events[index]?.event, answer);
      const { accepted, reported } = outcome;
      expect({ index, accepted: accepted.length }).toEqual({ index, accepted: index === LATE ? 0 : index + 1 });
      expect(reported.length > 0).toBe(index === LATE);
      const own = stored.filter(
        ({ properties }) =>
          accepted.includes(properties['aws.id'] ?? '') || accepted.includes(properties.UNIQ_KEY ?? ''),
      );
      expect(own).toHaveLength(accepted.length);
      for (const { properties } of own) expect(properties['aws.traceId']).toBe(headerTraceOf(source) ?? traceOf(index));
    }
    expect(stored).toHaveLength(32);
    expect([cluster.nameServer().connections.total, cluster.broker().connections.total]).toEqual([1, 1]);

    // The log travels on another way than the answers.
    const lines: Record<string, unknown>[] = [];
    const metricLines = () => {
      for (const line of instance.takeLog()) if (line.includes('"_aws"')) lines.push(JSON.parse(line));
      return lines.length;
    };
    await expect.poll(metricLines, { timeout: 10_000 }).toBe(INVOCATIONS);
    const counts = (name: string) => lines.map((line) => Number(line[name])).toSorted((a, b) => a - b);
    expect(counts('MessagesSent')).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
    expect(counts('MessagesNotSent')).toEqual([0, 0, 0, 0, 0, 0, 0, LATE + 1]);
    expect(counts('ColdStart')).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

function outcomeOf(source: string, event: unknown, answer: ConcurrentAnswer) {
  const none: RecordOutcome = { accepted: [], reported: [] };
  return localSources[source]?.outcome(event, answer as unknown as InvocationResult) ?? none;
}

/** A request over HTTP has its trace in a header. */
function headerTraceOf(source: string): string | undefined {
  if (source !== 'http') return undefined;
  return sample<{ headers: Record<string, string> }>('http', 'http-api').headers['x-amzn-trace-id'];
}
