import type { ProcessEnd, Step } from './sandbox.ts';

/** What Lambda would put into the REPORT line of an invocation, and its log. */
export interface InvocationReport {
  readonly requestId: string;
  /** The function's module scope ran for this invocation: nothing was left of an earlier one. */
  readonly cold: boolean;
  /**
   * The module scope ran within the time of the invocation, because it had failed before it or because the process of the
   * invocation before was lost ("suppressed init").
   */
  readonly suppressedInit: boolean;
  /** Start of the process until it asked for the event; undefined for warm invocations and those with a suppressed init. */
  readonly initMs?: number;
  /** From the thaw until the answer, with a suppressed init within it. */
  readonly durationMs: number;
  /** Lines of stdout and stderr in order of arrival, those of a failed init before this invocation included. */
  readonly log: readonly string[];
  /**
   * What kept the event loop alive at the moment of the answer (`process.getActiveResourcesInfo()`): timers, sockets, requests. They are
   * frozen with the process and run on in a later invocation. Empty when there was no answer.
   */
  readonly leftBehind: readonly string[];
}

/** The answer of the function, or how it failed to give one, in Lambda's own words. */
export type InvocationOutcome =
  | { readonly status: 'ok'; readonly payload: unknown }
  | {
      /** The handler threw, and the environment stays warm; or the module scope did, and it does not. */
      readonly status: 'error';
      readonly errorType: string;
      readonly errorMessage: string;
      readonly trace: readonly string[];
    }
  | {
      /** The time limit passed; the process was killed. */
      readonly status: 'timeout';
      readonly errorType: 'Sandbox.Timedout';
      readonly errorMessage: string;
    }
  | {
      /** The process ended before it answered. */
      readonly status: 'crashed';
      readonly errorType: 'Runtime.ExitError';
      readonly errorMessage: string;
      readonly exitCode: number | null;
      readonly signal: NodeJS.Signals | null;
    };

/** One invocation: its outcome and its report. */
export type InvocationResult = InvocationOutcome & InvocationReport;

/** Puts what came of an event into the words in which Lambda tells the caller. */
export function outcomeOf(step: Step, requestId: string, timeoutMs: number): InvocationOutcome {
  if (step.kind === 'out-of-time') {
    return {
      status: 'timeout',
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
    };
  }
  if (step.kind === 'ended') {
    return {
      status: 'crashed',
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${requestId} Error: ${wordsFor(step.end)}`,
      ...step.end,
    };
  }
  if (step.call.kind === 'response') return { status: 'ok', payload: step.call.payload };
  if (step.call.kind === 'next') throw new Error('The runtime asked for another event before it answered this one.');
  return { status: 'error', ...step.call.error };
}

function wordsFor({ exitCode, signal }: ProcessEnd): string {
  if (signal !== null) return `Runtime exited with error: signal: ${signal}`;
  return exitCode === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${exitCode}`;
}
