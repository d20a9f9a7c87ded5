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
  /** The warm producer, for this invocation: whatever it does ends by `deadline`, or earlier if a call gives an earlier one. */
  readonly producer: Producer;
  readonly environment: Environment;
  readonly client: Client;
  /** When sending must be over: the time Lambda leaves, minus `ROCKETMQ_DEADLINE_RESERVE_MS`. */
  readonly deadline: Deadline;
  /** X-Ray trace of this invocation; undefined if Lambda gives none. */
  readonly traceId: string | undefined;
  /**
   * Finds the message of a record where an earlier delivery stored it. Undefined, without a question, where
   * `environment` does not want such a record looked for.
   */
  findStored(history: DeliveryHistory, message: Message): Promise<SendResult | undefined> | undefined;
  /** Records the outcome of a record: it is counted in the metrics, and logged if it failed or was dropped. `deliver` calls it. */
  record(outcome: RecordOutcome, elapsedMs: number, recordId: string): void;
  /** Adds to a metric of this invocation, with the unit Count; any name will do. */
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
  readonly producer: InvocationProducer;
  readonly upkeep: InvocationUpkeep;
  readonly metrics: InvocationMetrics;
  readonly dueBefore: readonly DueTaskReport[];
  readonly isCold: boolean;
  readonly records: RecordLog;
}

let isFirstInvocation = true;

/**
 * Middleware that gives a handler the warm producer, as `context.rocketmq`. Before the handler, it drops connections that died while
 * the sandbox was frozen, and starts due work beside the sends. After the handler, even if that failed, it waits for sends that the
 * handler did not wait for and for due work, and writes log and metrics; nothing is left running.
 *
 * The invocation fails with `OptionsError` when the environment cannot be used. If a middleware used after this one answers early, Middy
 * tells this one of no end: the invocation is then ended by the first one that begins when its time is up.
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
    states.set(request, { warm, producer, upkeep, metrics, dueBefore, isCold, records });
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
    const { warm, producer, upkeep, metrics, dueBefore, isCold, records } = state;
    await producer.settled();
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
