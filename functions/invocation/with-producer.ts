import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Client, Deadline, DueTaskReport, InvocationUpkeep, Producer, SendOutcome } from '#rocketmq';
import type { Environment } from './environment.ts';
import { invocationDeadline } from './invocation-deadline.ts';
import { InvocationMetrics } from './invocation-metrics.ts';
import { invocationTraceId } from './invocation-trace-id.ts';
import { logger } from './logger.ts';
import { type WarmClient, warmClient } from './warm-client.ts';

/** What a handler finds in its context under `rocketmq`, for this invocation alone. */
export interface ProducerInvocation {
  readonly producer: Producer;
  readonly environment: Environment;
  readonly client: Client;
  /** When sending has to be over: what Lambda leaves, less the reserve. */
  readonly deadline: Deadline;
  /** X-Ray trace of this invocation; undefined where Lambda gives none. */
  readonly traceId: string | undefined;
  /** Tells what became of a message: it is counted, and logged when it failed. */
  record(outcome: SendOutcome, elapsedMs: number, recordId: string): void;
}

/** Context of a handler behind `withProducer`. */
export type ProducerContext = Context & { rocketmq: ProducerInvocation };

interface InvocationState {
  readonly warm: WarmClient;
  readonly upkeep: InvocationUpkeep;
  readonly metrics: InvocationMetrics;
  readonly dueBefore: readonly DueTaskReport[];
  readonly isCold: boolean;
}

let isFirstInvocation = true;

/**
 * Middleware that gives a handler the warm producer. Before the handler: connections that died while the sandbox was
 * frozen are dropped, and due work begins beside the sends. After it, also when it fails: due work is waited for, and
 * metrics are written; then nothing is left behind.
 */
export function withProducer<Event, Result>(): MiddlewareObj<Event, Result, Error, ProducerContext> {
  const states = new WeakMap<object, InvocationState>();

  const before: NonNullable<MiddlewareObj<Event, Result, Error, ProducerContext>['before']> = async (request) => {
    const isCold = isFirstInvocation;
    isFirstInvocation = false;
    const warm = warmClient();
    const { client, environment, producer } = warm;
    const deadline = invocationDeadline(request.context, environment.deadlineReserveMs);
    const metrics = new InvocationMetrics(environment.metricsNamespace);
    const dueBefore = client.dueWorkReport();
    const upkeep = await client.beginInvocation(deadline);
    states.set(request, { warm, upkeep, metrics, dueBefore, isCold });
    const record: ProducerInvocation['record'] = (outcome, elapsedMs, recordId) => {
      metrics.record(outcome, elapsedMs);
      if (outcome.status === 'failed') logFailure(request.context, recordId, outcome.error);
    };
    const traceId = invocationTraceId(request.context);
    request.context.rocketmq = { producer, environment, client, deadline, traceId, record };
  };

  const finish = async (request: object) => {
    const state = states.get(request);
    if (state === undefined) return;
    states.delete(request);
    const { warm, upkeep, metrics, dueBefore, isCold } = state;
    await upkeep.end();
    const connectionsOpened = connectionsNotTold(warm);
    const dueWork = tasksRun(warm.client.dueWorkReport(), dueBefore);
    logger.debug('invocation', { isCold, connectionsOpened, dueWork });
    metrics.publish({
      isCold,
      connectionsOpened,
      parameterAgeMs: warm.parameters.nameServersAgeMs,
      dueWorkFailures: dueWorkFailuresNotTold(warm),
    });
  };

  return { before, after: finish, onError: finish };
}

function logFailure(
  context: Context,
  recordId: string,
  error: Extract<SendOutcome, { status: 'failed' }>['error'],
): void {
  const { code, outcome, retryable } = error;
  logger.error('a record was not stored', {
    recordId,
    code,
    outcome,
    retryable,
    reason: error.message,
    function_request_id: context.awsRequestId,
  });
}

/** Connections opened that no metrics told of yet: of invocations that run at once, one tells of each. */
function connectionsNotTold({ client, connectionsTold }: WarmClient): Record<string, number> {
  const opened: Record<string, number> = {};
  for (const [reason, count] of client.connectionsOpened) {
    const more = count - (connectionsTold.get(reason) ?? 0);
    if (more > 0) opened[reason] = more;
    connectionsTold.set(reason, count);
  }
  return opened;
}

/** Failed runs of due work that no metrics told of yet. */
function dueWorkFailuresNotTold(warm: WarmClient): number {
  const failures = warm.client.dueWorkReport().reduce((sum, task) => sum + task.failures, 0);
  const more = failures - warm.dueWorkFailuresTold;
  warm.dueWorkFailuresTold = failures;
  return more;
}

/** Tasks of the due work that ran in this invocation, with the error of each that failed. */
function tasksRun(now: readonly DueTaskReport[], before: readonly DueTaskReport[]): { name: string; error?: string }[] {
  return now.flatMap(({ name, runs, lastError }, index) => {
    if (runs === before[index]?.runs) return [];
    return [lastError === undefined ? { name } : { name, error: lastError }];
  });
}
