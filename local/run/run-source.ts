import type { MessageTarget } from '../../functions/delivery/message-target.ts';
import { CompiledMapping } from '../../functions/mapping/compiled-mapping.ts';
import { topicFault } from '../../functions/rocketmq/producer/names.ts';
import { plainBody } from '../../functions/rocketmq/producer/plain-body.ts';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { bundleFunction } from '../../infra/bundling.ts';
import { AdminClient } from '../admin-client.ts';
import { startDynamoDbEndpoint } from '../dynamodb/dynamodb-endpoint.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import { type LambdaHost, startLambdaHost } from '../lambda/lambda-host.ts';
import type { RocketMQVersion } from '../real/rocketmq-version.ts';
import { temporaryDirectory } from '../real/temporary-directory.ts';
import { startSsmEndpoint } from '../ssm/ssm-endpoint.ts';
import { isFiltered, type LocalSource, localSources, type RecordOutcome } from './local-sources.ts';
import type { Progress } from './progress.ts';
import { readBackUntil, readStored, startRunCluster } from './run-cluster.ts';
import type { RunReport } from './run-report.ts';
import { type SampleEvent, sampleEvents, withFreshIds } from './sample-events.ts';

export interface RunOptions {
  /** Names of `localSources`. */
  readonly sources: readonly string[];
  readonly cluster: 'embedded' | RocketMQVersion;
  /** An event in place of the samples. */
  readonly event?: unknown;
  /** `ROCKETMQ_MAPPING` of the function, for a source that takes one. */
  readonly mapping?: string;
  readonly onProgress: (step: Progress) => void;
}

const QUEUES = 8;
const PARAMETER = '/rocketmq/name-servers';
/** Of the functions with transactions; each run has the tables for itself. */
const LOG_TABLE = 'transaction-log';
const ORDERS_TABLE = 'orders';
const TIMEOUT_MS = 30_000;
/** Warm invocations with fresh records, for figures that mean something. */
const WARM_ROUNDS = 50;

/** What became of the records of one event. */
interface Invoked extends RecordOutcome {
  /** Ids of records that the mapping let go. */
  readonly dropped: readonly string[];
  readonly result: InvocationResult;
}

/** What the functions of a run share. */
interface RunServers {
  readonly kind: RunOptions['cluster'];
  readonly mapping: string | undefined;
  readonly admin: AdminClient;
  readonly ssmUrl: string;
  readonly dynamoDbUrl: string;
}

/**
 * Runs events of each source through its built function, frozen between invocations, and reads back what the broker has.
 * One cluster serves them all; each has a topic of its own.
 */
export async function* runSources({
  sources,
  cluster: kind,
  event,
  mapping,
  onProgress,
}: RunOptions): AsyncGenerator<RunReport> {
  const startedAt = Date.now();
  await using cluster = await startRunCluster(kind);
  const { nameServerAddrs } = cluster;
  await using admin = new AdminClient({ nameServerAddrs });
  onProgress({ kind: 'cluster', cluster: kind, nameServerAddrs, startMs: Date.now() - startedAt });
  await using ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: nameServerAddrs.join(';') } });
  await using dynamoDb = await startDynamoDbEndpoint({ tables: { [LOG_TABLE]: 'msgId', [ORDERS_TABLE]: 'orderId' } });
  const servers = { kind, mapping, admin, ssmUrl: ssm.url, dynamoDbUrl: dynamoDb.url };
  for (const source of sources) {
    const local = localSources[source];
    if (local === undefined) throw new TypeError(`there is no source "${source}"`);
    const samples = event === undefined ? sampleEvents(source) : [{ name: 'event', event }];
    yield await runSource(source, local, samples, servers, onProgress);
  }
}

async function runSource(
  source: string,
  local: LocalSource,
  samples: readonly SampleEvent[],
  { kind, mapping, admin, ssmUrl, dynamoDbUrl }: RunServers,
  onProgress: (step: Progress) => void,
): Promise<RunReport> {
  const topic = `events-${source}`;
  const target: MessageTarget = {
    topic,
    traceId: undefined,
    ...(mapping !== undefined && { mapping: new CompiledMapping(mapping) }),
  };
  const topics = [...new Set([topic, ...(local.topics ?? []), ...mappedTopics(local, samples, target)])];
  for (const name of topics) await admin.createTopic(topicConfig(name, QUEUES));
  await using directory = await temporaryDirectory();
  const { path: taskRoot } = directory;
  const { eagerBytes, lazyBytes } = bundleFunction(source, taskRoot);
  onProgress({ kind: 'bundle', source, eagerBytes, lazyBytes });
  await using host = startLambdaHost({
    taskRoot,
    functionName: `local-${source}`,
    timeoutMs: TIMEOUT_MS,
    environment: {
      ROCKETMQ_TOPIC: topic,
      ROCKETMQ_PRODUCER_GROUP: 'local-run',
      ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER,
      ROCKETMQ_TRANSACTION_TABLE: LOG_TABLE,
      ORDERS_TABLE,
      AWS_ENDPOINT_URL_SSM: ssmUrl,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDbUrl,
      POWERTOOLS_SERVICE_NAME: `local-${source}`,
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
      ...(mapping !== undefined && { ROCKETMQ_MAPPING: mapping }),
      ...local.environment,
    },
  });
  const invoked = await invokeAll(host, local, samples, target, onProgress);
  const accepted = invoked.flatMap((one) => one.accepted);
  const messages = await readBackUntil(
    () => readStored(admin, topics),
    (found) => missingFrom(found, accepted).length === 0,
  );
  return reportOf(source, kind, invoked, await Promise.all(messages.map(withPlainBody)));
}

async function invokeAll(
  host: LambdaHost,
  local: LocalSource,
  samples: readonly SampleEvent[],
  target: MessageTarget,
  onProgress: (step: Progress) => void,
): Promise<Invoked[]> {
  const invoked: Invoked[] = [];
  let frozenAt: number | undefined;
  const invoke = async (name: string, sample: unknown, isShown: boolean) => {
    const frozenMs = frozenAt === undefined ? undefined : Date.now() - frozenAt;
    const result = await host.invoke(sample);
    frozenAt = Date.now();
    const outcome = outcomeOf(local, sample, result, target);
    invoked.push(outcome);
    if (!isShown) return;
    onProgress({
      kind: 'invocation',
      name,
      isCold: result.cold,
      ms: (result.initMs ?? 0) + result.durationMs,
      records: recordsIn(outcome),
      reported: outcome.reported,
      reasons: reasonsOf(result.log),
      dueWork: dueWorkOf(result.log),
      frozenMs,
      failure: result.status === 'ok' ? undefined : `${result.errorType}: ${result.errorMessage}`,
    });
  };
  for (const { name, event } of samples) await invoke(name, event, true);
  const warm = samples.find(({ name }) => name === local.warmSample);
  if (warm !== undefined) {
    for (let round = 0; round < WARM_ROUNDS; round++) {
      await invoke(warm.name, withFreshIds(warm.event, local.idFields), false);
    }
    onProgress({ kind: 'warm', invocations: WARM_ROUNDS });
  }
  return invoked;
}

/** Topics that a mapping names for the records of events: those of a broker must exist. */
function mappedTopics({ records }: LocalSource, samples: readonly SampleEvent[], target: MessageTarget): string[] {
  if (target.mapping === undefined || records === undefined) return [];
  return samples
    .flatMap(({ event }) => records(event, target))
    .filter((record) => !isFiltered(record))
    .flatMap((record) => {
      try {
        const { topic } = record.toMessage();
        return topicFault(topic) === undefined ? [topic] : [];
      } catch {
        // Told by the function.
        return [];
      }
    });
}

function outcomeOf(local: LocalSource, sample: unknown, result: InvocationResult, target: MessageTarget): Invoked {
  const outcome = local.outcome(sample, result, target);
  const dropped = logged<{ recordId: string }>(result.log, '"a record was dropped"').map(({ recordId }) => recordId);
  return { ...outcome, accepted: outcome.accepted.filter((id) => !dropped.includes(id)), dropped, result };
}

function recordsIn({ accepted, reported, filtered = [], dropped }: Invoked): number {
  return accepted.length + reported.length + filtered.length + dropped.length;
}

/** Those of the record and message ids that no message has. */
function missingFrom(messages: readonly StoredMessage[], names: readonly string[]): string[] {
  const found = new Set<string | undefined>(
    messages.flatMap(({ properties }) => [properties['aws.id'], properties.UNIQ_KEY]),
  );
  return names.filter((name) => !found.has(name));
}

async function withPlainBody(message: StoredMessage): Promise<StoredMessage> {
  return { ...message, body: await plainBody(message.body, message.sysFlag) };
}

/** What the function logged in lines that have a text in them. */
function logged<Line>(log: readonly string[], text: string): Line[] {
  return log.filter((line) => line.includes(text)).map((line) => JSON.parse(line) as Line);
}

/** Why records failed or were dropped, as the function logged it. */
function reasonsOf(log: readonly string[]): string[] {
  const lines = logged<Readonly<Record<string, string>>>(log, '"recordId"');
  return lines.map(({ recordId, code, reason }) => `${recordId}: ${code}: ${reason}`);
}

/** Tasks of the due work that the function logged for an invocation. */
function dueWorkOf(log: readonly string[]): string[] {
  const lines = logged<{ dueWork?: readonly { name: string; error?: string }[] }>(log, '"dueWork"');
  const tasks = lines.flatMap(({ dueWork = [] }) => dueWork);
  return tasks.map(({ name, error }) => (error === undefined ? name : `${name} (failed: ${error})`));
}

function reportOf(
  source: string,
  kind: RunOptions['cluster'],
  invoked: readonly Invoked[],
  messages: readonly StoredMessage[],
): RunReport {
  const accepted = invoked.flatMap((one) => one.accepted);
  const uniqueMessages = new Set(messages.map(({ properties }) => properties.UNIQ_KEY));
  const results = invoked.map(({ result }) => result);
  const [cold] = results;
  const warm = results.slice(1).map(({ durationMs }) => durationMs);
  return {
    summary: {
      cluster: kind === 'embedded' ? 'embedded' : 'real',
      source,
      invocations: invoked.length,
      records: invoked.reduce((sum, one) => sum + recordsIn(one), 0),
      stored: uniqueMessages.size,
      reportedFailed: invoked.reduce((sum, { reported }) => sum + reported.length, 0),
      filtered: invoked.reduce((sum, { filtered = [] }) => sum + filtered.length, 0),
      dropped: invoked.reduce((sum, { dropped }) => sum + dropped.length, 0),
      failedInvocations: failuresByCode(results),
      duplicates: messages.length - uniqueMessages.size,
      coldMs: rounded((cold?.initMs ?? 0) + (cold?.durationMs ?? 0)),
      warmMs: { p50: percentile(warm, 0.5), p99: percentile(warm, 0.99) },
    },
    messages,
    lost: missingFrom(messages, accepted),
    leftBehind: [...new Set(results.flatMap(({ leftBehind }) => leftBehind))],
  };
}

function failuresByCode(results: readonly InvocationResult[]): Record<string, number> {
  const failures = results.flatMap((result) => (result.status === 'ok' ? [] : [result.errorType]));
  const byCode = Object.groupBy(failures, (code) => code);
  return Object.fromEntries(Object.entries(byCode).map(([code, all = []]) => [code, all.length]));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
