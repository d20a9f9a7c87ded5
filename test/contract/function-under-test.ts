import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleReport, bundleFunction, bundleHandler } from '../../infra/bundling.ts';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { type LambdaHost, startLambdaHost } from '../../local/lambda/lambda-host.ts';

/** SSM parameter that functions under test read. */
export const PARAMETER = '/rocketmq/name-servers';

/** A function as it is deployed, built once for a test file. */
export interface BuiltFunction extends Disposable {
  readonly taskRoot: string;
  readonly report: BundleReport;
}

/** Builds the function of a source into a folder of its own; removed by its disposal. */
export function buildFunction(source: string): BuiltFunction {
  return built((taskRoot) => bundleFunction(source, taskRoot));
}

/** Builds any module likewise. */
export function buildModule(entry: string): BuiltFunction {
  return built((taskRoot) => bundleHandler(entry, taskRoot));
}

function built(bundle: (taskRoot: string) => BundleReport): BuiltFunction {
  const taskRoot = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-test-'));
  const remove = () => rmSync(taskRoot, { recursive: true, force: true });
  return { taskRoot, report: bundle(taskRoot), [Symbol.dispose]: remove };
}

export interface FunctionOptions {
  readonly topic: string;
  /** Name servers from the environment. */
  readonly nameServers?: readonly string[];
  /** Endpoint of SSM that has `PARAMETER`. */
  readonly ssmUrl?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** @default 20_000 */
  readonly timeoutMs?: number;
}

/** Runs a built function in the Lambda host: frozen between invocations, its debug log on. */
export function startFunction({ taskRoot }: BuiltFunction, options: FunctionOptions): LambdaHost {
  const { topic, nameServers, ssmUrl, environment, timeoutMs = 20_000 } = options;
  return startLambdaHost({
    taskRoot,
    timeoutMs,
    environment: {
      ROCKETMQ_TOPIC: topic,
      ROCKETMQ_PRODUCER_GROUP: 'contract-function',
      ...(nameServers === undefined ? {} : { ROCKETMQ_NAME_SERVERS: nameServers.join(';') }),
      ...(ssmUrl === undefined ? {} : { ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER, AWS_ENDPOINT_URL_SSM: ssmUrl }),
      POWERTOOLS_SERVICE_NAME: 'contract',
      POWERTOOLS_LOG_LEVEL: 'DEBUG',
      ...environment,
    },
  });
}

/** Records that an invocation reported as failed. @throws Error when it did not answer as functions for batches do. */
export function reportedBy(result: InvocationResult): string[] {
  if (result.status !== 'ok') throw new Error(`${result.errorType}: ${result.errorMessage}`);
  const { batchItemFailures } = result.payload as { batchItemFailures: readonly { itemIdentifier: string }[] };
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

/** Metrics of an invocation by name, each with its value or values. */
export function metricsOf({ log }: InvocationResult): Readonly<Record<string, unknown>> {
  const lines = log.filter((line) => line.includes('"CloudWatchMetrics"'));
  if (lines.length !== 1) throw new Error(`${lines.length} lines of metrics in:\n${log.join('\n')}`);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

/** What one invocation logged of a record that it did not store. */
export interface LoggedFailure {
  readonly recordId: string;
  readonly code: string;
  readonly outcome: string;
  readonly retryable: boolean;
  readonly reason: string;
}

/** Failures that an invocation logged, one a record. */
export function failuresOf({ log }: InvocationResult): LoggedFailure[] {
  const lines = log.filter((line) => line.includes('"a record was not stored"'));
  return lines.map((line) => JSON.parse(line) as LoggedFailure);
}

/** Tasks of the due work that ran in an invocation, with the error of each that failed. */
export function dueWorkOf({ log }: InvocationResult): { readonly name: string; readonly error?: string }[] {
  const line = log.find((candidate) => candidate.includes('"dueWork"'));
  if (line === undefined) throw new Error(`no line of due work in:\n${log.join('\n')}`);
  return (JSON.parse(line) as { dueWork: { name: string; error?: string }[] }).dueWork;
}
