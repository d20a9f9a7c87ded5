import type { Context } from 'aws-lambda';
import { writeMeasurement } from './bench-log.ts';

/** What an event of the bench may ask for beside its records. */
export interface BenchEvent {
  /** Lets the wall clock of the function jump ahead by so much before it is invoked: the seam for due work. */
  readonly clockAheadMs?: number;
}

/** What one invocation of a measured handler took, from its call to its answer. */
export interface InvocationCost {
  readonly elapsedMs: number;
  /** Of the whole process. */
  readonly cpuUs: number;
}

type Handler<Event> = (event: Event, context: Context) => Promise<unknown>;

/** Wraps a handler, so that it logs what each invocation takes. Runtime loop, JSON and host are not in it. */
export function measured<Event extends object>(handler: Handler<Event>): Handler<Event & BenchEvent> {
  let aheadMs = 0;
  const now = Date.now;
  return async (event, context) => {
    aheadMs += event.clockAheadMs ?? 0;
    // Lambda's deadline stays where it is; only the function takes its ages from another clock.
    const remainingMs = context.getRemainingTimeInMillis.bind(context);
    const answered: Context = { ...context, getRemainingTimeInMillis: () => remainingMs() + aheadMs };
    Date.now = () => now() + aheadMs;
    const startedAt = performance.now();
    const cpuAtStart = process.cpuUsage();
    const answer = await handler(event, answered);
    const { user, system } = process.cpuUsage(cpuAtStart);
    const cost: InvocationCost = { elapsedMs: performance.now() - startedAt, cpuUs: user + system };
    writeMeasurement(cost);
    return answer;
  };
}
