import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { bundleFunction } from '../../infra/bundling.ts';
import { AdminClient } from '../admin-client.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { type LambdaHost, startLambdaHost } from '../lambda/lambda-host.ts';
import type { RocketMQVersion } from '../real/rocketmq-version.ts';
import { startSsmEndpoint } from '../ssm/ssm-endpoint.ts';
import type { Progress } from './progress.ts';
import { readBack, startRunCluster } from './run-cluster.ts';
import type { RunReport } from './run-report.ts';
import { recordIds, type SampleEvent, sampleEvents, withFreshIds } from './sample-events.ts';

export interface RunOptions {
  readonly source: string;
  readonly cluster: 'embedded' | RocketMQVersion;
  /** An event in place of the samples. */
  readonly event?: unknown;
  readonly onProgress: (step: Progress) => void;
}

const TOPIC = 'events';
const QUEUES = 8;
const PARAMETER = '/rocketmq/name-servers';
const TIMEOUT_MS = 30_000;
/** Warm invocations with fresh records, for figures that mean something. */
const WARM_ROUNDS = 50;

/** What became of the records of one event. */
interface Invoked {
  readonly ids: readonly string[];
  readonly reported: ReadonlySet<string>;
  readonly result: InvocationResult;
}

/** Runs events of a source through its built function, frozen between invocations, and reads back what the broker has. */
export async function runSource({ source, cluster: kind, event, onProgress }: RunOptions): Promise<RunReport> {
  const startedAt = Date.now();
  await using cluster = await startRunCluster(kind);
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  await admin.createTopic(topicConfig(TOPIC, QUEUES));
  onProgress({ kind: 'cluster', cluster: kind, nameServerAddrs, startMs: Date.now() - startedAt });
  await using ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: nameServerAddrs.join(';') } });
  const taskRoot = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-'));
  try {
    const { eagerBytes, lazyBytes } = bundleFunction(source, taskRoot);
    onProgress({ kind: 'bundle', source, eagerBytes, lazyBytes });
    await using host = startLambdaHost({
      taskRoot,
      functionName: `local-${source}`,
      timeoutMs: TIMEOUT_MS,
      environment: {
        ROCKETMQ_TOPIC: TOPIC,
        ROCKETMQ_PRODUCER_GROUP: 'local-run',
        ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER,
        AWS_ENDPOINT_URL_SSM: ssm.url,
        POWERTOOLS_SERVICE_NAME: `local-${source}`,
        POWERTOOLS_LOG_LEVEL: 'DEBUG',
      },
    });
    const invoked = await invokeAll(
      host,
      event === undefined ? sampleEvents(source) : [{ name: 'event', event }],
      onProgress,
    );
    const expected = invoked.flatMap(({ ids, reported }) => ids.filter((id) => !reported.has(id)));
    const messages = await readBack(admin, TOPIC, new Set(expected).size);
    return reportOf(source, kind, invoked, expected, messages);
  } finally {
    rmSync(taskRoot, { recursive: true, force: true });
  }
}

async function invokeAll(
  host: LambdaHost,
  samples: readonly SampleEvent[],
  onProgress: (step: Progress) => void,
): Promise<Invoked[]> {
  const invoked: Invoked[] = [];
  let frozenAt: number | undefined;
  const invoke = async (name: string, sample: unknown, isShown: boolean) => {
    const frozenMs = frozenAt === undefined ? undefined : Date.now() - frozenAt;
    const result = await host.invoke(sample);
    frozenAt = Date.now();
    const outcome = { ids: recordIds(sample), reported: reportedIds(sample, result), result };
    invoked.push(outcome);
    if (!isShown) return;
    onProgress({
      kind: 'invocation',
      name,
      isCold: result.cold,
      ms: (result.initMs ?? 0) + result.durationMs,
      records: outcome.ids.length,
      reported: [...outcome.reported],
      dueWork: dueWorkOf(result.log),
      frozenMs,
      failure: result.status === 'ok' ? undefined : `${result.errorType}: ${result.errorMessage}`,
    });
  };
  for (const { name, event } of samples) await invoke(name, event, true);
  const [first] = samples;
  if (first !== undefined && samples.length > 1) {
    for (let round = 0; round < WARM_ROUNDS; round++) await invoke(first.name, withFreshIds(first.event), false);
    onProgress({ kind: 'warm', invocations: WARM_ROUNDS });
  }
  return invoked;
}

/** Records that the source would deliver again: those named in the answer, or all of them when there was no answer. */
function reportedIds(event: unknown, result: InvocationResult): Set<string> {
  if (result.status !== 'ok') return new Set(recordIds(event));
  const answer = result.payload as { batchItemFailures?: readonly { itemIdentifier: string }[] };
  return new Set((answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
}

/** Tasks of the due work that the function logged for an invocation. */
function dueWorkOf(log: readonly string[]): string[] {
  return log.flatMap((line) => {
    if (!line.includes('"dueWork"')) return [];
    const { dueWork = [] } = JSON.parse(line) as { dueWork?: readonly { name: string; error?: string }[] };
    return dueWork.map(({ name, error }) => (error === undefined ? name : `${name} (failed: ${error})`));
  });
}

function reportOf(
  source: string,
  kind: RunOptions['cluster'],
  invoked: readonly Invoked[],
  expected: readonly string[],
  messages: readonly StoredMessage[],
): RunReport {
  const storedIds = new Set(messages.flatMap(({ properties }) => (properties.KEYS ?? '').split(' ')));
  const uniqueMessages = new Set(messages.map(({ properties }) => properties.UNIQ_KEY));
  const results = invoked.map(({ result }) => result);
  const [cold] = results;
  const warm = results.slice(1).map(({ durationMs }) => durationMs);
  return {
    summary: {
      cluster: kind === 'embedded' ? 'embedded' : 'real',
      source,
      invocations: invoked.length,
      records: invoked.reduce((sum, { ids }) => sum + ids.length, 0),
      stored: uniqueMessages.size,
      reportedFailed: invoked.reduce((sum, { reported }) => sum + reported.size, 0),
      duplicates: messages.length - uniqueMessages.size,
      coldMs: rounded((cold?.initMs ?? 0) + (cold?.durationMs ?? 0)),
      warmMs: { p50: percentile(warm, 0.5), p99: percentile(warm, 0.99) },
    },
    messages,
    lost: expected.filter((id) => !storedIds.has(id)),
    leftBehind: [...new Set(results.flatMap(({ leftBehind }) => leftBehind))],
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
