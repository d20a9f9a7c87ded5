import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Client, Deadline, DueTaskReport, InvocationUpkeep, Message, Producer, SendResult } from '#rocketmq';
import type { RecordOutcome } from '../delivery/record-outcome.ts';
import type { DeliveryHistory } from './deduplication.ts';
import type { Environment } from './environment.ts';
import { invocationDeadline } from './invocation-deadline.ts';
import { InvocationMetrics } from './invocation-metrics.ts';
import { InvocationProducer } from './invocation-producer.ts';
import { invocationTraceId } from './invocation-trace-id.ts';
import { logger } from './logger.ts';
import { RecordLog } from './record-log.ts';
import { type WarmClient, warmClient } from './warm-client.ts';

/** What a handler finds in its context under `rocketmq`, for this invocation alone. */
export interface ProducerInvocation {
  /** The warm one, for this invocation: what is sent by it is over by `deadline`, or by an earlier one given with a call. */
  readonly producer: Producer;
  readonly environment: Environment;
  readonly client: Client;
  /** When sending has to be over: what Lambda leaves, less the reserve. */
  readonly deadline: Deadline;
  /** X-Ray trace of this invocation; undefined where Lambda gives none. */
  readonly traceId: string | undefined;
  /**
   * Finds the message of a record where an earlier delivery stored it. Undefined, without a question, where
   * `environment` does not want such a record looked for.
   */
  findStored(history: DeliveryHistory, message: Message): Promise<SendResult | undefined> | undefined;
  /** Tells what became of a record: it is counted, and logged when it failed or was dropped. */
  record(outcome: RecordOutcome, elapsedMs: number, recordId: string): void;
  /** Adds to a metric of this invocation, of the unit Count. */
  count(metric: string, value: number): void;
}

/** Context of a handler behind `withProducer`. */
export type ProducerContext = Context & { rocketmq: ProducerInvocation };

/** Of middy, one for each invocation. */
interface InvocationRequest {
  readonly context: Context;
}

interface InvocationState {
  readonly warm: WarmClient;
  readonly upkeep: InvocationUpkeep;
  readonly metrics: InvocationMetrics;
  readonly dueBefore: readonly DueTaskReport[];
  readonly isCold: boolean;
  readonly records: RecordLog;
}

let isFirstInvocation = true;

/**
 * Middleware that gives a handler the warm producer. Before the handler: connections that died while the sandbox was
 * frozen are dropped, and due work begins beside the sends. After it, also when it fails: due work is waited for, and
 * metrics are written; then nothing is left behind. Middy tells it of no end that a middleware used after it brings about by an
 * answer of its own: such an invocation is ended by the first one that begins when its time is up.
 */
export function withProducer<Event, Result>(): MiddlewareObj<Event, Result, Error, ProducerContext> {
  const states = new Map<InvocationRequest, InvocationState>();

  const before: NonNullable<MiddlewareObj<Event, Result, Error, ProducerContext>['before']> = async (request) => {
    // One that another middleware answered for is not told of its end, and would keep from its own what the client does then.
    for (const past of states.keys()) if (past.context.getRemainingTimeInMillis() <= 0) await finish(past);
    const isCold = isFirstInvocation;
    isFirstInvocation = false;
    const warm = warmClient();
    const { client, environment, deduplication } = warm;
    const deadline = invocationDeadline(request.context, environment.deadlineReserveMs);
    const producer = new InvocationProducer(warm.producer, deadline);
    const metrics = new InvocationMetrics(environment.metricsNamespace);
    const dueBefore = client.dueWorkReport();
    const upkeep = await client.beginInvocation(deadline);
    const records = new RecordLog(request.context.awsRequestId);
    states.set(request, { warm, upkeep, metrics, dueBefore, isCold, records });
    const record: ProducerInvocation['record'] = (outcome, elapsedMs, recordId) => {
      metrics.record(outcome, elapsedMs);
      records.record(recordId, outcome);
      if (outcome.status === 'stored') deduplication.stored(outcome.result);
    };
    const count: ProducerInvocation['count'] = (metric, value) => metrics.count(metric, value);
    const unchecked = () => metrics.count('RecordsUnchecked', 1);
    const findStored: ProducerInvocation['findStored'] = (history, message) =>
      deduplication.find(history, message, { deadline, unchecked });
    const traceId = invocationTraceId(request.context);
    request.context.rocketmq = { producer, environment, client, deadline, traceId, findStored, record, count };
  };

  const finish = async (request: InvocationRequest) => {
    const { context } = request;
    const state = states.get(request);
    if (state === undefined) return;
    states.delete(request);
    const { warm, upkeep, metrics, dueBefore, isCold, records } = state;
    await upkeep.end();
    records.end();
    const connectionsOpened = connectionsNotTold(warm);
    const dueWork = tasksRun(warm.client.dueWorkReport(), dueBefore);
    logger.debug('invocation', { isCold, connectionsOpened, dueWork });
    const parameterAgeMs = warm.parameters.nameServersAgeMs;
    try {
      metrics.publish({ isCold, connectionsOpened, parameterAgeMs, dueWorkFailures: dueWorkFailuresNotTold(warm) });
    } catch (error) {
      // Thrown on, it would have the source deliver again what is stored.
      logger.error('metrics were not written', { reason: String(error), function_request_id: context.awsRequestId });
    }
  };

  return { before, after: finish, onError: finish };
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
